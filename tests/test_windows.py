"""Which sentences are read together."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from rag.types import Evidence
from rag.windows import windows, with_previous


def sentence(doc, start, score=0.0, length=20):
    return Evidence(doc, start, start + length, "x" * length, "title", "", 0.0, 0.0, score)


A1, A2, A3 = sentence("a", 0), sentence("a", 21), sentence("a", 42)
FAR, B1 = sentence("a", 500), sentence("b", 63)


def test_the_sentence_before_each_of_the_best_is_read_too() -> None:
    ranked = [A3, B1, FAR, A1, A2]
    assert with_previous(ranked, 1) == [A3, A2]
    assert with_previous(ranked, 2) == [A3, B1, A2]
    assert with_previous(ranked, 0) == []


def test_windows_follow_the_document_and_end_at_gaps_and_documents() -> None:
    ranked = [A3, B1, FAR, A1, A2]
    assert windows(ranked) == [[3, 4, 0], [2], [1]]
    assert windows([]) == []


def test_windows_end_at_headings_and_each_row_of_a_table_stands_alone() -> None:
    rows = [replace(e, head=FAR) for e in (A1, A2, A3)]
    assert windows(rows) == [[0], [1], [2]]
    assert with_previous(rows, 1) == rows[:1]
    assert windows([A1, replace(A2, heading="Next"), replace(A3, heading="Next")]) == [[0], [1, 2]]


@given(st.lists(st.integers(0, 60), unique=True), st.integers(0, 20))
def test_every_sentence_is_in_one_window_and_windows_are_bounded(places, count) -> None:
    ranked = [sentence("d", 21 * place) for place in places]
    chosen = with_previous(ranked, count)
    assert set(ranked[:count]) <= set(chosen)
    found = windows(chosen)
    assert sorted(i for window in found for i in window) == list(range(len(chosen)))
    assert all(1 <= len(window) <= 8 for window in found)
