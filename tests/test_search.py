"""The two searches alone: large indexes, ties, and what is on disk."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag import dense
from rag.dense import DenseIndex
from rag.lexical import LexicalIndex


def clustered(rows: int, seed: int = 0) -> np.ndarray:
    """Unit vectors around thirty centres, shape (rows, 32)."""
    random = np.random.default_rng(seed)
    centres = np.random.default_rng(7).normal(size=(30, 32))
    drawn = centres[random.integers(0, 30, rows)] + 0.3 * random.normal(size=(rows, 32))
    return (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)


def test_a_large_index_reads_some_lists_and_finds_nearly_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vectors, questions = clustered(4000), clustered(50, seed=1)
    exact = DenseIndex.build(vectors)
    monkeypatch.setattr(dense, "EXACT_ROWS", 3999)
    DenseIndex.build(vectors).save(tmp_path / "x")
    large = DenseIndex.load(tmp_path / "x")
    assert str(exact) == "4000 vectors, all compared"
    assert str(large) == "4000 vectors in 126 lists, 8 of them read"
    assert np.array_equal(large.vectors(), vectors)
    found = 0
    for question in questions:
        best, nearest = large.search(question, 10), dict(exact.search(question, 10))
        assert [score for _, score in best] == sorted((s for _, s in best), reverse=True)
        for row, score in best:
            assert score == pytest.approx(float(vectors[row] @ question), abs=1e-5)
        found += len(nearest.keys() & dict(best).keys())
    assert found / 500 >= 0.97


def test_a_large_index_finds_the_few_rows_that_are_allowed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    vectors = clustered(4000)
    monkeypatch.setattr(dense, "EXACT_ROWS", 3999)
    large = DenseIndex.build(vectors)
    allowed = np.zeros(4000, dtype=np.bool_)
    allowed[np.argsort(vectors @ vectors[0])[:3]] = True  # the furthest
    assert {row for row, _ in large.search(vectors[0], 10, allowed)} == set(allowed.nonzero()[0])


def test_a_file_of_another_kind_is_no_index(tmp_path: Path) -> None:
    faiss = dense.faiss
    faiss.write_index(faiss.IndexHNSWFlat(8, 4), str(tmp_path / "x"))
    with pytest.raises(RuntimeError, match="holds a IndexHNSWFlat"):
        DenseIndex.load(tmp_path / "x")


@settings(max_examples=50, deadline=None)
@given(
    texts=st.lists(st.lists(st.sampled_from("ab cd ef".split()), max_size=4), min_size=1),
    k=st.integers(1, 12),
)
def test_the_best_texts_are_those_of_a_full_sort(texts: list[list[str]], k: int) -> None:
    index = LexicalIndex.build([" ".join(words) for words in texts])
    everything = index.search("ab ef", len(texts))
    assert everything == sorted(everything, key=lambda hit: (-hit[1], hit[0]))
    assert index.search("ab ef", k) == everything[:k]


def test_words_stay_on_disk(tmp_path: Path) -> None:
    built = LexicalIndex.build(["green tea", "black tea", "honey bees"])
    built.save(tmp_path)
    opened = LexicalIndex.load(tmp_path)
    assert isinstance(opened._index.scores["data"], np.memmap)
    assert opened.search("black tea", 3) == built.search("black tea", 3)
    assert opened.idf("tea") == built.idf("tea")
