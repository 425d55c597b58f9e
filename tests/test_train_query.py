"""Training how questions are embedded, on made-up vectors."""

import torch
from torch import nn
from torch.nn.functional import normalize

from eval import train_query
from eval.low_rank import add_low_rank, trained
from eval.questions import Question
from eval.train_query import Example, describe, train
from rag.low_rank import corrected

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


def test_corrections_are_those_trained_times_their_share() -> None:
    model = nn.Sequential(nn.Linear(4, 6))
    plain = model[0].weight.detach().clone()
    add_low_rank(model, 2)
    with torch.no_grad():
        model[0].b += 1
    x = torch.randn(3, 4)
    whole = corrected(plain, "0", trained(model))
    half = corrected(plain, "0", trained(model, 0.5))
    bias = model[0].part.bias
    assert torch.allclose(model(x), nn.functional.linear(x, whole, bias), atol=1e-2)
    assert torch.allclose(half, (plain + whole) / 2, atol=1e-2)
