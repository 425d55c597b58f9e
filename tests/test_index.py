import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT, BagOfWordsEmbedder
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rag.config import Config
from rag.documents import load_corpus
from rag.errors import CorpusError, CorruptIndexError, IndexWriteError
from rag.index import Index, open_index, open_or_build
from rag.lexical import LexicalIndex
from rag.manifest import Recipe, difference


def build(corpus: Path, folder: Path, embedder: BagOfWordsEmbedder | None = None) -> Index:
    return open_or_build(folder, load_corpus(corpus), embedder or BagOfWordsEmbedder(), Config())


def snapshot(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(p.relative_to(folder)): (p.stat().st_mtime_ns, p.read_bytes())
        for p in folder.rglob("*")
        if p.is_file()
    }


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(texts=st.lists(st.text(min_size=1, max_size=300), min_size=1, max_size=5))
def test_what_is_saved_is_what_is_opened(tmp_path_factory, texts: list[str]) -> None:
    corpus = tmp_path_factory.mktemp("corpus")
    for number, text in enumerate(texts):
        data = text.encode("utf-8", errors="ignore").replace(b"\x00", b"")
        (corpus / f"{number}.txt").write_bytes(data + b" end.")
    folder = tmp_path_factory.mktemp("indexes") / "x"
    built = build(corpus, folder)
    opened = open_index(folder)
    assert opened.chunks == built.chunks
    assert opened.documents == built.documents
    assert np.array_equal(opened.dense.vectors(), built.dense.vectors())
    assert np.array_equal(opened.sentence_vectors, built.sentence_vectors)
    for query in ("end", texts[0]):
        assert opened.lexical.search(query, 9) == built.lexical.search(query, 9)
    for chunk in opened.chunks:
        assert opened.documents[chunk.doc].text[chunk.start : chunk.end] == chunk.text
        assert len(opened.vectors_of(chunk)) == len(chunk.sentences)


def test_opening_an_index_changes_nothing(corpus_folder: Path, tmp_path: Path) -> None:
    build(corpus_folder, tmp_path / "i" / "x")
    before = snapshot(tmp_path / "i")
    embedder = BagOfWordsEmbedder()
    build(corpus_folder, tmp_path / "i" / "x", embedder)
    assert snapshot(tmp_path / "i") == before
    assert embedder.encoded == []


def test_a_changed_file_rebuilds_and_embeds_only_what_changed(
    corpus_folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    build(corpus_folder, tmp_path / "x")
    tea = corpus_folder / "tea.txt"
    tea.write_text(tea.read_text().replace("80 degrees", "75 degrees"))
    (corpus_folder / "new.txt").write_text("A new file about coffee from Ethiopia.")
    (corpus_folder / "bees.txt").unlink()
    embedder = BagOfWordsEmbedder()
    with caplog.at_level("INFO", "rag"):
        index = build(corpus_folder, tmp_path / "x", embedder)
    assert "files added new.txt, deleted bees.txt, changed tea.txt" in caplog.text
    assert set(index.documents) == {"tea.txt", "new.txt"}
    assert "Green tea is steeped at 75 degrees for two minutes." in embedder.encoded
    assert "Black tea takes boiling water." not in embedder.encoded
    fresh = build(corpus_folder, tmp_path / "fresh")
    assert np.array_equal(index.dense.vectors(), fresh.dense.vectors())
    assert len(list((tmp_path / "x").glob("data-*"))) == 1


def test_another_embedder_or_setting_rebuilds(
    corpus_folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    build(corpus_folder, tmp_path / "x")
    with caplog.at_level("INFO", "rag"):
        build(corpus_folder, tmp_path / "x", BagOfWordsEmbedder("bow-2"))
        open_or_build(
            tmp_path / "x",
            load_corpus(corpus_folder),
            BagOfWordsEmbedder("bow-2"),
            Config(chunk_chars=300),
        )
    assert "embedder was bag of words, is bag of words" in caplog.text
    assert "chunks were 900 characters, are 300" in caplog.text


def test_an_index_of_the_first_format_opens_and_is_rebuilt(
    corpus_folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "x"
    (corpus_folder / "bees.txt").write_text("2025-02-12\n\nBees live in hives, all of them.")
    build(corpus_folder, folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    path = folder / manifest["data"] / "documents.jsonl"
    old = [json.loads(line) for line in path.read_text().splitlines()]
    path.write_text(
        "".join(
            json.dumps({key: fields[key] for key in ("id", "title", "text")}) + "\n"
            for fields in old
        )
    )
    manifest["recipe"]["format"] = 1
    manifest["sha256"]["documents.jsonl"] = hashlib.sha256(path.read_bytes()).hexdigest()
    (folder / "manifest.json").write_text(json.dumps(manifest))
    assert open_index(folder).documents["bees.txt"].date == ""
    with caplog.at_level("INFO", "rag"):
        assert build(corpus_folder, folder).documents["bees.txt"].date == "2025-02-12"
    assert "index format is 1" in caplog.text


def test_reasons_in_words() -> None:
    old = Recipe({"a": "1"}, "e", "f", 900)
    assert difference(old, old) is None
    assert difference(Recipe({}, "e", "f", 900, format=0), old) is not None
    many = Recipe(dict.fromkeys("abcdef", "1"), "e", "f", 900)
    assert difference(old, many) == "files added b, c, d and 2 more"


@pytest.mark.parametrize(
    "name", ["vectors.faiss", "chunks.jsonl", "documents.jsonl", "sentences.npy", "bm25"]
)
@pytest.mark.parametrize("damage", ["cut", "flip", "remove"])
def test_a_damaged_index_is_noticed_and_rebuilt(
    corpus_folder: Path, tmp_path: Path, name: str, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "x"
    good = build(corpus_folder, folder)
    (path,) = folder.glob(f"data-*/{name}")
    if path.is_dir():
        path = next(path.iterdir())
    data = path.read_bytes()
    if damage == "remove":
        path.unlink()
    else:
        middle = len(data) // 2
        tail = bytes([data[middle] ^ 255]) + data[middle + 1 :] if damage == "flip" else b""
        path.write_bytes(data[:middle] + tail)
    with pytest.raises(CorruptIndexError, match=r"damaged|missing"):
        open_index(folder)
    with caplog.at_level("INFO", "rag"):
        assert build(corpus_folder, folder).chunks == good.chunks
    assert "its file" in caplog.text


@pytest.mark.parametrize("text", ["", "{", "[]", '{"recipe": {}}', "null"])
def test_a_manifest_that_makes_no_sense(corpus_folder: Path, tmp_path: Path, text: str) -> None:
    folder = tmp_path / "x"
    good = build(corpus_folder, folder)
    (folder / "manifest.json").write_text(text)
    with pytest.raises(CorruptIndexError):
        open_index(folder)
    assert build(corpus_folder, folder).chunks == good.chunks


def test_a_manifest_cannot_point_out_of_its_folder(corpus_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "x"
    build(corpus_folder, folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    shutil.copytree(folder / manifest["data"], tmp_path / "data-elsewhere")
    manifest["data"] = "../data-elsewhere"
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(CorruptIndexError, match="data folder"):
        open_index(folder)


def test_an_index_that_cannot_be_written(corpus_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(IndexWriteError, match="cannot write the index"):
        build(corpus_folder, tmp_path / "file" / "x")


def test_a_full_disk_leaves_the_old_index(
    corpus_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "x"
    build(corpus_folder, folder)
    before = snapshot(folder)
    (corpus_folder / "new.txt").write_text("More text about coffee.")

    def full(self: LexicalIndex, path: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(LexicalIndex, "save", full)
    with pytest.raises(IndexWriteError, match="No space left on device"):
        build(corpus_folder, folder)
    assert snapshot(folder) == before


def test_vectors_on_a_full_disk_are_an_os_error(corpus_folder: Path, tmp_path: Path) -> None:
    index = build(corpus_folder, tmp_path / "x")
    with pytest.raises(OSError, match="No space left"):
        index.dense.save(Path("/dev/full"))


def test_files_without_a_word_make_no_index(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "a.txt").write_text("Advertisements\n")
    with pytest.raises(CorpusError, match="no text to index"):
        build(corpus, tmp_path / "x")
    (corpus / "a.txt").write_text("… — !!!")
    assert build(corpus, tmp_path / "x").lexical.search("word", 3) == []


_BUILDER = """
import sys
sys.path[:0] = [{root!r}, {tests!r}]
from pathlib import Path
from conftest import BagOfWordsEmbedder
from test_index import build
print("start", flush=True)
build(Path(sys.argv[1]), Path(sys.argv[2]))
"""


def test_a_killed_build_leaves_the_old_index_or_none(corpus_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "x"
    for number in range(40):  # enough work that kills land in the middle of it
        (corpus_folder / f"{number}.txt").write_text(f"Sentence {number} of many. " * 200)
    script = _BUILDER.format(root=str(ROOT), tests=str(ROOT / "tests"))
    delays = [0.0, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.6]
    for delay in delays:
        process = subprocess.Popen(
            [sys.executable, "-c", script, str(corpus_folder), str(folder)],
            stdout=subprocess.PIPE,
        )
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(delay)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()
        if (folder / "manifest.json").exists():
            assert len(open_index(folder).documents) == 42
    assert len(build(corpus_folder, folder).documents) == 42
    assert len(list(folder.glob("data-*"))) == 1
