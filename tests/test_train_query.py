"""Training how questions are embedded, on made-up vectors."""

from dataclasses import replace

import pytest
import torch
from conftest import BagOfWordsEmbedder
from torch import nn
from torch.nn.functional import normalize

from eval import train_query
from eval.low_rank import add_low_rank, shrink, trained
from eval.questions import GoldSpan, Question
from eval.train_query import Example, describe, train
from eval.training_data import steps
from rag.config import Config
from rag.documents import load_corpus
from rag.index import open_or_build
from rag.low_rank import corrected
from rag.retriever import Retriever

_WIDTH = 8


def example(number):
    """Its gold sentence lies where the question does after a fixed turn, unlike the others."""
    made = torch.Generator().manual_seed(number)
    vector = normalize(torch.randn(_WIDTH, generator=made), dim=0)
    others = normalize(torch.randn(5, _WIDTH, generator=made), dim=1)
    towards = torch.cat([others, vector.roll(1)[None]])
    gold = torch.tensor([False] * 5 + [True])
    question = Question(f"d-{number}", "fact", str(number), True, (), ())
    return Example(question, towards, torch.zeros(6), gold), vector


def test_questions_are_brought_near_their_gold(monkeypatch) -> None:
    monkeypatch.setattr(train_query, "_RATE", 0.03)  # a small model takes large steps
    torch.manual_seed(0)
    made = [example(number) for number in range(320)]
    vectors = {found.question.id: vector for found, vector in made}
    examples = [found for found, _ in made]
    model = nn.Sequential(nn.Linear(_WIDTH, _WIDTH)).requires_grad_(False)
    add_low_rank(model, _WIDTH)

    def encode(chosen):
        return normalize(model(torch.stack([vectors[e.question.id] for e in chosen])), dim=1)

    def found_first():
        return float(describe(encode, examples[256:]).split("best 1: ")[1].split(",")[0])

    before = found_first()
    for _ in range(4):
        train(encode, model, examples[:256])
    assert before < 0.4
    assert found_first() > 0.7


def test_each_example_is_taken_once_an_epoch_and_each_step_is_gone() -> None:
    weight, at = nn.Parameter(torch.zeros(1)), []
    taken = []
    for chosen in steps(range(10), 4, 2, [{"params": [weight], "lr": 0.1}], 0.5):
        weight.sum().backward()
        taken.append(chosen)
        at.append(weight.item())
    order = [number for chosen in taken for number in chosen]
    assert [len(chosen) for chosen in taken] == [4] * 5
    assert sorted(order[:10]) == sorted(order[10:]) == list(range(10))
    assert order[:10] != order[10:]
    assert at == sorted(set(at), reverse=True)
    assert weight.item() < at[-1]


def test_an_example_is_scored_as_the_retriever_does(tmp_path) -> None:
    text = "Honey bees live here. They eat all day. Wasps eat them in the autumn of the year."
    (tmp_path / "bees.txt").write_text(text)
    embedder = BagOfWordsEmbedder()
    retriever = Retriever(
        open_or_build(tmp_path / "index", load_corpus(tmp_path), embedder, Config()), embedder
    )
    start = text.index("Wasps")
    span = GoldSpan("bees.txt", start, len(text))
    asked = Question("d-1", "fact", "What eats bees in autumn?", True, (), (span,))
    (made,) = train_query._example(asked, retriever)
    _, evidence = retriever.find(asked.question, 5)
    scores = made.towards @ torch.from_numpy(retriever.embed(asked.question).sentence) + made.words
    assert sorted(scores.tolist()) == pytest.approx(sorted(e.score for e in evidence), abs=1e-5)
    best = evidence[int(scores.argsort(descending=True).tolist().index(int(made.gold.nonzero())))]
    assert best.start == start
    assert train_query._example(replace(asked, evidence=()), retriever) == []


def test_the_share_that_is_kept_is_what_is_stored() -> None:
    model = nn.Sequential(nn.Linear(4, 6))
    plain = model[0].weight.detach().clone()
    add_low_rank(model, 2)
    with torch.no_grad():
        model[0].b += 1
    x = torch.randn(3, 4)
    whole = corrected(plain, "0", trained(model))
    bias = model[0].part.bias
    assert torch.allclose(model(x), nn.functional.linear(x, whole, bias), atol=1e-2)
    shrink(model, 0.5)
    half = corrected(plain, "0", trained(model))
    assert torch.allclose(model(x), nn.functional.linear(x, half, bias), atol=1e-2)
    assert torch.allclose(half, (plain + whole) / 2, atol=1e-2)
