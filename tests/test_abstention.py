"""The signals of refusal, the probability made of them, and where its weights come from."""

import json
import math

import pytest

from eval.calibrate import best_threshold, fit
from rag import abstention
from rag.abstention import (
    DEFAULT,
    Calibration,
    Signals,
    load_calibration,
    save_calibration,
    signals,
)
from rag.judge import TRAINED, Adapter
from rag.types import Evidence


def near(cosine: float, share: float = 0.0) -> Evidence:
    return Evidence("d", 0, 1, "x", "", "", cosine, share, 1.0)


def test_the_signals_are_the_largest() -> None:
    assert signals([near(0.2), near(0.58)], [-1.0, 0.5], False) == Signals(0.58, 0.5)
    assert signals([near(0.28, 1.0)], [], True) == Signals(pytest.approx(0.48), 0.0, True)
    assert signals([], [], False) is None


def test_probability_by_hand_and_its_direction() -> None:
    assert DEFAULT.probability(Signals(0.48, 0.0)) == pytest.approx(0.5)
    assert DEFAULT.probability(Signals(0.58, 9.0)) == pytest.approx(1 / (1 + math.exp(-1.6)))
    judged = Calibration("j", cosine=2.0, log_odds=1.0, constant=-1.0)
    assert judged.probability(Signals(0.5, 0.0)) == 0.5
    assert judged.probability(Signals(0.5, 9.0, against=True)) == 0.1
    assert judged.probability(Signals(0.5, -9.0, against=True)) < 0.1
    assert judged.probability(Signals(0.5, 1.0)) == pytest.approx(1 / (1 + math.exp(-1)))
    assert judged.probability(None) == 0.0


def test_a_calibration_is_found_by_its_judge(tmp_path, caplog) -> None:
    path = tmp_path / "calibration.json"
    one, two = Calibration("one", 1, 2, 3), Calibration("two", 4, 5, 6)
    save_calibration(one, path)
    save_calibration(Calibration("two", 0, 0, 0), path)
    save_calibration(two, path)
    assert load_calibration("one", path) == one
    assert load_calibration("two", path) == two
    assert not caplog.text
    assert load_calibration("three", path) == DEFAULT
    assert "not calibrated with the judge three" in caplog.text


def test_a_file_of_another_version_is_not_read(tmp_path, caplog) -> None:
    path = tmp_path / "calibration.json"
    path.write_text(json.dumps({"version": 99, "calibrations": "?"}))
    assert load_calibration("one", path) == DEFAULT
    assert "version 99" in caplog.text


def test_the_shipped_file_knows_each_judge_and_none() -> None:
    judges = {c.judge for c in abstention._read(abstention.CALIBRATION_FILE)}
    trained = {Adapter.load(judge.adapter).model for judge in TRAINED.values()}
    assert judges == {"none", *trained}
    assert len(trained) == 2


def test_fitting_finds_the_signal_that_tells() -> None:
    found = [Signals(0.5, odds) for odds in (-3.0, -2.0, -1.0, 1.0, 2.0, 3.0)]
    fitted = fit("j", found, [False, False, False, True, True, True])
    assert fitted.log_odds > 0.5
    assert fitted.cosine == 0
    refused, told = (fitted.probability(Signals(0.5, odds)) for odds in (-1.0, 1.0))
    assert refused < fitted.threshold < told


def test_without_a_judge_the_cosine_tells() -> None:
    found = [Signals(cosine, 0.0) for cosine in (0.1, 0.2, 0.3, 0.5, 0.6, 0.7)]
    fitted = fit("none", found, [False, False, False, True, True, True])
    assert fitted.log_odds == 0
    refused, told = (fitted.probability(Signals(cosine, 0)) for cosine in (0.3, 0.5))
    assert refused < fitted.threshold < told


def test_the_threshold_refuses_most_of_what_it_should_and_little_else() -> None:
    unanswerable, answerable = [0.02, 0.12, 0.22, 0.32, 0.52], [0.31, *[0.9] * 26]
    claimed = [*unanswerable, *answerable]
    wanted = [False] * 5 + [True] * 27
    assert best_threshold(claimed, wanted) == 0.7  # of 0.55 to 0.9; 1 of 27 is less than 0.04
    assert best_threshold([*claimed, 0.51], [*wanted, True]) == 0.4
    assert best_threshold([0.01, 0.9], [True, False]) == 0
