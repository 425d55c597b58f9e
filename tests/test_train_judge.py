"""Training of the judge, on a tiny random model."""

import pytest
import torch
from conftest import BagOfWordsEmbedder
from transformers import AutoModelForCausalLM, AutoTokenizer

from eval import train_judge
from eval.questions import GoldSpan, Question
from eval.train_judge import Trainee, describe, loss, split, train
from rag import judge as judge_module
from rag.config import Config
from rag.documents import load_corpus
from rag.generator import TransformersGenerator
from rag.index import open_or_build
from rag.judge import Adapter, AdapterJudge
from rag.reader import Reader
from rag.retriever import Retriever
from rag.windows import with_previous


def tiny_generator(folder):
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    return TransformersGenerator(model, AutoTokenizer.from_pretrained(folder), "tiny", "f")


@pytest.fixture
def generator(tiny_qwen, monkeypatch):
    monkeypatch.setattr(train_judge, "LAYERS", 2)
    monkeypatch.setattr(train_judge, "FROZEN", 1)
    monkeypatch.setattr(train_judge, "_HEAD_RATE", 0.2)
    return tiny_generator(tiny_qwen)


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


def test_what_is_trained_is_what_the_judge_then_says(
    generator, retriever, tiny_qwen, monkeypatch
) -> None:
    monkeypatch.setattr(judge_module, "fastest_int8", lambda: None)  # as it is trained
    reader = Reader(generator, 1, {})
    examples = [train_judge._example(q, retriever, reader) for q in QUESTIONS]
    assert [example.gold.sum().item() for example in examples] == [1.0, 0.0]
    trainee = Trainee(generator)
    before = [loss(trainee(e), e.gold).item() for e in examples]
    train(trainee, examples * 60)
    after = [loss(trainee(e), e.gold).item() for e in examples]
    assert sum(after) < 0.8 * sum(before)
    assert "2 questions of unseen documents" in describe(trainee, examples)
    corrections = {name: value.float() for name, value in trainee.corrections().items()}
    head, (score_weight, bias) = trainee.head.detach(), trainee.score_and_bias.tolist()
    adapter = Adapter("t", "f", 2, corrections, head, score_weight, bias)
    judge = AdapterJudge(tiny_generator(tiny_qwen), adapter)
    _, evidence = retriever.find(QUESTIONS[0].question, 16)
    judged = with_previous(evidence, 10)
    said = judge.log_odds(QUESTIONS[0].question, judged)
    assert sorted(said) == pytest.approx(sorted(trainee(examples[0]).tolist()), abs=0.02)


def test_loss_by_hand() -> None:
    even, gold = torch.zeros(3), torch.tensor([1.0, 0.0, 0.0])
    alone = 4 / 3 * torch.tensor(2.0).log()
    choice = torch.tensor(4.0).log() / 4
    assert loss(even, gold).item() == pytest.approx((alone + choice).item())
    none = torch.zeros(3)
    assert loss(torch.tensor([-9.0, -9.0, -9.0]), none) < 0.01 < loss(even, none)


def test_held_out_documents_are_whole(generator, retriever) -> None:
    reader = Reader(generator, 1, {})
    examples = [train_judge._example(q, retriever, reader) for q in QUESTIONS]
    seen, unseen = split(examples, 2)
    assert [e.question.id for e in unseen] == ["bees-0"]
    assert [e.question.id for e in seen] == ["tea-0"]
    assert split(examples, None) == (examples, [])
