"""The systems that ours is compared with: what they are asked, and when they decline."""

import pytest
from conftest import FixedGenerator

from eval.questions import Question
from eval.systems import SinglePrompt
from rag.types import Chunk, Hit, ModelNames

TEXT = "Ma was unable to attend it."
HITS = [Hit(Chunk(0, "ma.txt", 0, len(TEXT), TEXT, ()), 1.0)]


def asked(text, *history):
    return Question("q1", "fact", text, True, (("Wu",),), (), history=history)


def answered(reply, question="Who spoke?"):
    system = SinglePrompt(FixedGenerator(reply), lambda text: HITS, ModelNames("fixed", "none"))
    return system.answer(asked(question))


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "I do not know.",
        "I don’t know.",
        "I cannot answer that.",
        "I can't answer that.",
        "The passages don't mention it.",
        "I'm sorry, but I don't have enough information.",
        "It isn't mentioned.",
        "The text does not say.",
        "There is no mention of it.",
    ],
)
def test_a_reply_that_says_it_does_not_know_is_a_refusal(reply):
    assert answered(reply).refused
    assert answered(reply).confidence == 0


@pytest.mark.parametrize(
    "reply",
    [
        "Wu spoke.",
        "Ma was unable to attend, so Wu spoke [1].",
        "Alibaba does not provide refunds [1].",
    ],
)
def test_a_reply_that_cites_or_tells_is_an_answer(reply):
    assert not answered(reply).refused
    assert [c.marker for c in answered(reply).citations] == ([1] if "[1]" in reply else [])


def test_a_follow_up_is_put_with_what_it_refers_to():
    searched = []
    system = SinglePrompt(
        FixedGenerator("Wu."), lambda text: searched.append(text) or [], ModelNames("a", "b")
    )
    system.answer(asked("since when?", "Who runs Xianyu?"))
    system.answer(asked("Who runs Xianyu, and who founded Cainiao?"))
    assert searched == [
        "since when? (Who runs Xianyu?)",
        "Who runs Xianyu, and who founded Cainiao?",
    ]
