"""The judge: what its model reads, how its numbers are combined, and whose weights it takes."""

import numpy as np
import pytest

from eval.train_judge import Examples, fit
from rag import judge, packaged
from rag.judge import Probe, ProbeJudge, load_judge
from rag.types import GAP, Evidence


class LengthReader:
    """Holds how long each filling is, and how often the question's last word is in it."""

    name = "reader"

    def __init__(self, fingerprint="f"):
        self.fingerprint = fingerprint

    def hidden_states(self, messages, fillings, layer):
        word = messages[-1]["content"].split("?")[0].split()[-1]
        return np.array([[len(f) * layer, f.count(word)] for f in fillings], dtype=np.float32)


def evidence(text, score, before=""):
    return Evidence("d", 0, len(text), text, "title", before, 0.5, 0.5, score)


PROBE = Probe("tiny", "f", layer=2, weights=(0.0, 3.0), score_weight=2.0, bias=-1.0)


def test_log_odds_by_hand() -> None:
    made = ProbeJudge(LengthReader(), PROBE)
    sentences = [evidence("a cat", 0.5), evidence("a dog", 1.0), evidence("It sat.", 0, "A cat.")]
    assert made.log_odds("Where is the cat?", sentences) == [3.0, 1.0, 2.0]
    assert made.log_odds("Where is the cat?", []) == []


def test_the_prompt_has_one_gap_for_the_sentence_and_the_one_before() -> None:
    contents = "".join(message["content"] for message in judge.messages("Why?"))
    assert contents.count(GAP) == 1
    assert judge.filling(evidence("It sat.", 0, "A cat.")) == "A cat.\nSentence: It sat."


def test_a_probe_survives_its_file(tmp_path) -> None:
    PROBE.save(tmp_path / "judge.json")
    assert Probe.load(tmp_path / "judge.json") == PROBE


def test_the_shipped_probe_fits_the_packaged_model() -> None:
    probe = Probe.load()
    assert len(probe.weights) == 896
    assert probe.fingerprint == judge.GENERATOR.packaged.sha256


def test_the_generator_itself_reads_where_the_probe_is_its_own() -> None:
    reader = LengthReader(Probe.load().fingerprint)
    assert load_judge(reader)._reader is reader


@pytest.mark.parametrize("found", [None, judge.packaged.Weights("other", "x", "another")])
def test_without_the_probes_model_there_is_no_judge(monkeypatch, caplog, found) -> None:
    monkeypatch.setattr(packaged, "find", lambda spec: found)
    assert load_judge(LengthReader("something else")) is None
    assert "no judge" in caplog.text


def test_fitting_finds_the_direction_that_tells() -> None:
    rng = np.random.default_rng(0)
    question = np.repeat(np.arange(60), 5)
    gold = np.tile([True, False, False, False, False], 60)
    states = rng.normal(size=(300, 4)).astype(np.float32)
    states[:, 2] += 3 * gold
    scores = rng.normal(size=300) + gold
    spare = np.zeros(300, dtype=bool)
    vector, score_weight, bias = fit(Examples(question, states, scores, gold, spare))
    assert np.abs(vector).argmax() == 2
    assert vector[2] > 0
    assert score_weight > 0
    log_odds = states @ vector + score_weight * scores + bias
    assert ((log_odds > 0) == gold).mean() > 0.9
