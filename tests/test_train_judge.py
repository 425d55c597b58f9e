"""Training of the judge, on a tiny random model."""

import pytest
import torch
from conftest import BagOfWordsEmbedder

from eval import train_judge, train_query
from eval.low_rank import trained
from eval.questions import GoldSpan, Question, hold_out
from eval.train_judge import Plan, Trainee, describe, loss, train
from rag.config import Config
from rag.decoder import Decoder
from rag.documents import load_corpus
from rag.errors import UsageError
from rag.index import open_or_build
from rag.judge import Adapter, AdapterJudge
from rag.model_files import load_tokenizer
from rag.reader import Reader, correct
from rag.retriever import Retriever
from rag.windows import with_previous


@pytest.fixture
def read(tiny_qwen):
    """Makes a reader with so many layers of the tiny model, corrected."""

    def made(layers, corrections=None):
        decoder = Decoder.load(tiny_qwen, layers)
        correct(decoder, corrections or {})
        return Reader(decoder, load_tokenizer(tiny_qwen))

    return made


@pytest.fixture
def retriever(corpus_folder, tmp_path):
    embedder = BagOfWordsEmbedder()
    index = open_or_build(tmp_path / "index", load_corpus(corpus_folder), embedder, Config())
    return Retriever(index, embedder)


EGGS = GoldSpan("bees.txt", 101, 151)
QUESTIONS = [
    Question("bees-0", "fact", "How many eggs does the queen lay?", True, (("2,000",),), (EGGS,)),
    Question("tea-0", "near_miss", "Who drinks green tea?", False, (), ()),
]


def test_what_is_trained_is_what_the_judge_then_says(read, retriever, tiny_qwen) -> None:
    examples = [train_judge._example(q, retriever, read(1), groups=3) for q in QUESTIONS]
    assert [example.gold.sum().item() for example in examples] == [1.0, 0.0]
    trainee = Trainee(Decoder.load(tiny_qwen, 2), frozen=1)
    before = [loss(trainee(e), e.gold).item() for e in examples]
    train(trainee, examples * 60, Plan(epochs=2, rate=4e-4, head_rate=0.2, warm_up=0.1))
    after = [loss(trainee(e), e.gold).item() for e in examples]
    assert sum(after) < 0.8 * sum(before)
    assert "2 questions of unseen documents" in describe(trainee, examples)
    corrections = {name: value.float() for name, value in trained(trainee.decoder.layers).items()}
    head, (score_weight, bias) = trainee.head.detach(), trainee.score_and_bias.tolist()
    adapter = Adapter("t", "f", 2, corrections, head, score_weight, bias)
    judge = AdapterJudge(read(2, corrections), adapter)
    _, evidence = retriever.find(QUESTIONS[0].question, 16)
    judged = with_previous(evidence, 10)
    said = judge.log_odds(QUESTIONS[0].question, judged)
    assert sorted(said) == pytest.approx(sorted(trainee(examples[0]).tolist()), abs=0.02)
    other = Trainee(Decoder.load(tiny_qwen, 2), frozen=1)
    other.take(adapter)
    assert other(examples[0]).tolist() == pytest.approx(trainee(examples[0]).tolist(), abs=0.02)


def test_loss_by_hand() -> None:
    even, gold = torch.zeros(3), torch.tensor([1.0, 0.0, 0.0])
    alone = 4 / 3 * torch.tensor(2.0).log()
    choice = torch.tensor(4.0).log() / 4
    assert loss(even, gold).item() == pytest.approx((alone + choice).item())
    none = torch.zeros(3)
    assert loss(torch.tensor([-9.0, -9.0, -9.0]), none) < 0.01 < loss(even, none)


def test_held_out_documents_are_whole(read, retriever) -> None:
    examples = [train_judge._example(q, retriever, read(1), groups=3) for q in QUESTIONS]
    seen, unseen = hold_out(examples, 2)
    assert [e.question.id for e in unseen] == ["bees-0"]
    assert [e.question.id for e in seen] == ["tea-0"]
    assert hold_out(examples, None) == (examples, [])
    with pytest.raises(UsageError, match="none of 1 questions is left to train on"):
        hold_out(examples[:1], 2)


def test_what_cannot_be_told_from_one_kind_is_said(read, retriever, tiny_qwen) -> None:
    examples = [train_judge._example(q, retriever, read(1), groups=3) for q in QUESTIONS]
    trainee = Trainee(Decoder.load(tiny_qwen, 2), frozen=1)
    lines = describe(trainee, examples[1:]).splitlines()  # the one that has no answer
    assert len(lines) == 5
    assert all(line.endswith("not known: too few are held out") for line in lines[1:])
    assert "not known" not in describe(trainee, examples)


@pytest.mark.parametrize(
    ("command", "options"),
    [(c, ["--hold-out", n]) for c in (train_judge, train_query) for n in ("1", "0", "-1")]
    + [(train_judge, ["--sample", "0"]), (train_judge, ["--sample", "-5"])],
)
def test_nothing_to_train_on_is_told_before_any_work(monkeypatch, capsys, command, options) -> None:
    monkeypatch.setattr(command, "read_examples", lambda *_: pytest.fail("it worked"))
    assert command.main(["--quiet", *options]) == 2
    assert f"error: {' is '.join(options)}, expected a number of at" in capsys.readouterr().err
