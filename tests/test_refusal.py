"""Why nothing answers, in words."""

import pytest

from rag.refusal import not_told, reason
from rag.types import Evidence

TOLD = Evidence("d", 0, 22, "Tencent hired a clerk.", "Report on China", "", 0.5, 0.5, 1.0)


@pytest.mark.parametrize(
    ("question", "evidence", "probability", "expected"),
    [
        ("Who?", [], 0.0, "Nothing was found."),
        ("Who?", [TOLD], 0.5, "No sentence that was found could be shown to answer it."),
        (
            "Whom did Tencent fire in China?",
            [TOLD],
            0.123,
            "The nearest sentence answers with a probability of 12%, and 40% is needed.",
        ),
        (
            "Whom did Acme of New York, or Tencent, hire for Bo?",
            [TOLD],
            0.001,
            "The nearest sentence does not name Acme or New York or Bo; it answers with a "
            "probability of 0%, and 40% is needed.",
        ),
    ],
)
def test_reasons(question, evidence, probability, expected) -> None:
    assert reason(question, evidence, probability, 0.4) == expected


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ("who leads", "who leads?"),
        ("who leads it? (What is X)", "who leads it? (What is X)"),
        ("总部在哪里？", "总部在哪里？"),
    ],
)
def test_a_part_that_stays_open_is_named_as_a_question(part, expected) -> None:
    assert not_told(part) == f"The corpus does not tell: {expected}"
