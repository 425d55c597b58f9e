"""Rows of texts: each text embedded once, and the same rows in memory and on disk."""

from pathlib import Path

import numpy as np
import pytest
from conftest import BagOfWordsEmbedder

from rag import vectors
from rag.chunking import chunk_document
from rag.documents import load_corpus
from rag.vectors import embed, embedded_texts, halved, text_key

TEXTS = [f"note {n % 90} about {'tea ' * (n % 7)}" for n in range(200)]


def test_rows_on_disk_are_those_in_memory_and_leave_no_file(tmp_path: Path) -> None:
    embedder = BagOfWordsEmbedder()
    expected = embedder.encode(TEXTS)
    embedder.encoded.clear()
    for disk in (None, tmp_path):
        rows = embed(TEXTS, embedder, {}, disk=disk)
        assert np.array_equal(rows, expected)
        assert isinstance(rows, np.memmap) is (disk is not None)
        assert list(tmp_path.iterdir()) == []
    assert len(embedder.encoded) == 2 * len(set(TEXTS))


def test_texts_are_embedded_with_their_heading_and_rows_with_their_head(tmp_path: Path) -> None:
    text = "## Prices\n\n| Tea | Price |\n|---|---|\n| Assam | 4 |\n\nAll with tax.\n"
    (tmp_path / "a.md").write_text(f"# Our tea and what it costs\n\nWelcome.\n\n{text}")
    (document,) = load_corpus(tmp_path).documents
    chunks = chunk_document(document, 900, 0)
    passage, *sentences = embedded_texts(chunks, {"a.md": document})
    assert passage == document.text.strip()
    assert {"Welcome.", "Prices\nAssam: 4", "Prices\nAll with tax."} <= set(sentences)


def test_what_is_known_is_taken_as_it_is() -> None:
    embedder = BagOfWordsEmbedder()
    mine = np.full(256, 1 / 16, dtype=np.float32)
    rows = embed([*TEXTS, TEXTS[0]], embedder, {text_key(TEXTS[0]): mine, "other": mine})
    assert np.array_equal(rows[[0, -1]], [mine, mine])
    assert TEXTS[0] not in embedder.encoded


@pytest.mark.parametrize("on_disk", [False, True])
def test_rounding_goes_by_blocks(
    on_disk: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vectors, "_BLOCK", 7)
    rows = BagOfWordsEmbedder().encode(TEXTS)
    half = halved(rows, tmp_path if on_disk else None)
    assert half.dtype == np.float16
    assert np.array_equal(half, rows.astype(np.float16))


def test_no_text_gives_no_rows(tmp_path: Path) -> None:
    assert len(halved(embed([], BagOfWordsEmbedder(), {}, disk=tmp_path), tmp_path)) == 0
