import json
import os
import shutil
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT, BagOfWordsEmbedder
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import rag.index
from rag.config import Config
from rag.documents import load_corpus
from rag.errors import CorpusError, CorruptIndexError, IndexWriteError
from rag.index import Index, open_index, open_or_build, plan
from rag.known_texts import read_corpus
from rag.lexical import LexicalIndex
from rag.manifest import Recipe, difference, hash_files
from rag.swap import building


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
        (corpus / f"{number}.txt").write_bytes(data + b"\n\nThe bees rest at the end.")
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
    assert "files added new.txt, changed tea.txt, deleted bees.txt" in caplog.text
    assert set(index.documents) == {"tea.txt", "new.txt"}
    assert "Green tea is steeped at 75 degrees for two minutes." in embedder.encoded
    assert "Black tea takes boiling water." not in embedder.encoded
    fresh = build(corpus_folder, tmp_path / "fresh")
    assert np.array_equal(index.dense.vectors(), fresh.dense.vectors())
    assert len(list((tmp_path / "x").glob("data-*"))) == 1


def test_a_renamed_file_is_neither_chunked_nor_embedded_again(
    corpus_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(corpus_folder, tmp_path / "x")
    (corpus_folder / "deep").mkdir()
    (corpus_folder / "tea.txt").rename(corpus_folder / "deep" / "a.txt")
    fresh = build(corpus_folder, tmp_path / "fresh")
    embedder = BagOfWordsEmbedder()
    monkeypatch.delattr(rag.index, "chunk_document")
    index = build(corpus_folder, tmp_path / "x", embedder)
    assert embedder.encoded == []
    assert (index.chunks, index.documents) == (fresh.chunks, fresh.documents)
    assert np.array_equal(index.dense.vectors(), fresh.dense.vectors())
    assert np.array_equal(index.sentence_vectors, fresh.sentence_vectors)


_NAMES = st.sampled_from(["a.txt", "b.txt", "c/a.txt", "d.md"])
_TEXTS = st.sampled_from(["One bee. Two bees.", "Two bees.", "Green tea.", "Tea, one cup. A bee."])


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(states=st.lists(st.dictionaries(_NAMES, _TEXTS, min_size=1), min_size=2, max_size=4))
def test_an_updated_index_is_a_fresh_one(tmp_path_factory, states: list[dict[str, str]]) -> None:
    root = tmp_path_factory.mktemp("mirror")
    corpus = root / "corpus"
    for files in states:
        shutil.rmtree(corpus, ignore_errors=True)
        for name, text in files.items():
            (corpus / name).parent.mkdir(parents=True, exist_ok=True)
            (corpus / name).write_text(text)
        build(corpus, root / "kept")
    kept, fresh = open_index(root / "kept"), build(corpus, root / "fresh")
    assert (kept.chunks, kept.documents) == (fresh.chunks, fresh.documents)
    assert kept.recipe == fresh.recipe
    assert np.allclose(kept.dense.vectors(), fresh.dense.vectors(), atol=1e-3)
    assert kept.lexical.search("bee tea", 9) == fresh.lexical.search("bee tea", 9)


def test_a_plan_is_what_is_then_done(corpus_folder: Path, tmp_path: Path) -> None:
    folder, embedder = tmp_path / "x", BagOfWordsEmbedder()
    first = plan(folder, load_corpus(corpus_folder), embedder, Config())
    assert (first.reason, first.chunks) == ("there is none yet", 2)
    assert first.changes.added == ("bees.txt", "tea.txt")
    assert not folder.exists()
    build(corpus_folder, folder, embedder)
    assert first.to_embed == len(embedder.encoded)
    (corpus_folder / "new.txt").write_text("A new file about coffee from Ethiopia.")
    (corpus_folder / "tea.txt").rename(corpus_folder / "chai.txt")
    before = snapshot(folder)
    second = plan(folder, load_corpus(corpus_folder), embedder, Config())
    assert snapshot(folder) == before
    assert second.reason == "files added new.txt, renamed tea.txt to chai.txt"
    embedder.encoded.clear()
    build(corpus_folder, folder, embedder)
    assert second.to_embed == len(embedder.encoded) == 1
    assert plan(folder, load_corpus(corpus_folder), embedder, Config()).reason is None


def test_a_reader_goes_on_while_indexes_are_swapped(corpus_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "x"
    held = build(corpus_folder, folder)
    done = threading.Event()

    def swap() -> None:
        for number in range(20):
            (corpus_folder / "new.txt").write_text(f"Cup number {number} of coffee.")
            build(corpus_folder, folder)
        done.set()

    builder = threading.Thread(target=swap)
    builder.start()
    opened = 0
    while not done.is_set():
        assert set(open_index(folder).documents) >= {"bees.txt", "tea.txt"}
        opened += 1
    builder.join()
    assert opened > 2
    # The files of what was opened before are gone; what they held is not.
    assert len(held.vectors_of(held.chunks[1])) == len(held.chunks[1].sentences)


def test_data_of_a_killed_build_is_removed_by_the_next(corpus_folder: Path, tmp_path: Path) -> None:
    build(corpus_folder, tmp_path / "x")
    (tmp_path / "x" / "data-killed").mkdir()
    (tmp_path / "x" / "data-killed" / "vectors.faiss").write_bytes(b"half")
    (corpus_folder / "new.txt").write_text("A new file about coffee from Ethiopia.")
    build(corpus_folder, tmp_path / "x")
    assert len(list((tmp_path / "x").glob("data-*"))) == 1


def test_a_second_builder_waits_and_finds_the_work_done(
    corpus_folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    embedders = [BagOfWordsEmbedder(), BagOfWordsEmbedder()]
    with caplog.at_level("INFO", "rag"), ThreadPoolExecutor() as pool, building(tmp_path / "x"):
        both = [pool.submit(build, corpus_folder, tmp_path / "x", each) for each in embedders]
        while caplog.text.count("another process is building") < 2:
            time.sleep(0.01)
    assert both[0].result().chunks == both[1].result().chunks
    assert sorted(bool(embedder.encoded) for embedder in embedders) == [False, True]


def test_an_older_reading_does_not_replace_a_newer_index(
    corpus_folder: Path, tmp_path: Path
) -> None:
    folder, embedder = tmp_path / "x", BagOfWordsEmbedder()
    older = [read_corpus(corpus_folder, folder)]
    build(corpus_folder, folder)
    older.append(read_corpus(corpus_folder, folder))
    (corpus_folder / "bees.txt").unlink()
    (corpus_folder / "new.txt").write_text("A new file about coffee from Ethiopia.")
    build(corpus_folder, folder)
    before = snapshot(folder)
    for corpus in older:
        index = open_or_build(folder, corpus, embedder, Config())
        assert set(index.documents) == {"new.txt", "tea.txt"}
    assert snapshot(folder) == before
    assert embedder.encoded == []


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


def test_an_index_of_another_format_is_rebuilt(
    corpus_folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "x"
    build(corpus_folder, folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["recipe"]["format"] = 1
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(CorruptIndexError, match="its format is 1, this version reads"):
        open_index(folder)
    with caplog.at_level("INFO", "rag"):
        build(corpus_folder, folder)
    assert "its format is 1" in caplog.text
    assert open_index(folder).chunks


def test_reasons_in_words() -> None:
    old = Recipe({"a": "1"}, "e", "f", 900)
    assert difference(old, old) is None
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


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda chunk: chunk | {"start": chunk["start"] + 1}, "chunk 1 does not stand in tea.txt"),
        (lambda chunk: chunk | {"id": 7}, "chunk 1 is numbered 7"),
        (lambda chunk: chunk | {"sentences": []}, "sentences of chunk 1"),
        (lambda chunk: chunk | {"sentences": chunk["sentences"][::-1]}, "sentences of chunk 1"),
        (lambda chunk: chunk | {"doc": "other.txt"}, "other.txt"),
    ],
)
def test_parts_that_do_not_fit_are_noticed_although_all_hashes_do(
    corpus_folder: Path, tmp_path: Path, edit, message: str
) -> None:
    folder = tmp_path / "x"
    good = build(corpus_folder, folder)
    (path,) = folder.glob("data-*/chunks.jsonl")
    first, second = path.read_text().splitlines()
    path.write_text(f"{first}\n{json.dumps(edit(json.loads(second)))}\n")
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["sha256"] = hash_files(path.parent)
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(CorruptIndexError, match=message):
        open_index(folder)
    assert build(corpus_folder, folder).chunks == good.chunks


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


def test_a_killed_build_leaves_the_old_index_the_new_one_or_none() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "tests" / "kills.py", "120"],
        env={**os.environ, "OMP_NUM_THREADS": "1"},  # it forks
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    assert "no index was lost" in done.stdout
