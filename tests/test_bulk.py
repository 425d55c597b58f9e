"""Bulk builds: what is read, what is embedded again, and what becomes of workers that fail."""

import os
import socket
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import fsspec
import pyarrow
import pyarrow.parquet
import pytest
from bulk_fakes import FileStore
from conftest import BagOfWordsEmbedder
from made_files import HTML

from rag import on_ray
from rag.bulk import fill_by_workers
from rag.errors import CorpusError, UsageError
from rag.ingest import ReadFile, embed_files
from rag.on_ray import cluster
from rag.sources import list_source, read_parts
from rag.worker import Worker


class WorkersHere:
    """In this process, two parts at a time; a part whose text names a failure is lost with the
    one beside it, unless it is alone."""

    def __init__(self) -> None:
        self.embedder = BagOfWordsEmbedder()

    def parts(self, root, files, known, alone) -> Iterator[list]:
        with Worker() as worker:
            read = [part for file in files for part in read_parts(root, file, known, worker)]
        step = 1 if alone else 2
        for start in range(0, len(read), step):
            together = read[start : start + step]
            if "dies" not in str([part.content for part in together]):
                yield [self._embedded(part) for part in together]

    def _embedded(self, part):
        if not isinstance(part.content, ReadFile):
            return part
        if "the model fails" in part.content.documents[0].text:
            return replace(part, content=None, left_out="cannot be embedded")
        return replace(part, content=embed_files([part.content], self.embedder, 900)[0])


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path / "store")


def table(path: Path, **columns) -> str:
    pyarrow.parquet.write_table(pyarrow.table(columns), path, row_group_size=2)
    return str(path)


def texts(store: FileStore) -> dict[str, str]:
    return {path: made.file.documents[0].text for path, made in store.made().items()}


# --- reading ------------------------------------------------------------------------------------


def test_a_folder_here_and_in_an_object_store_give_the_same(corpus_folder, store) -> None:
    (corpus_folder / "deep").mkdir()
    (corpus_folder / "deep" / "page.html").write_text(HTML)
    (corpus_folder / ".hidden.txt").write_text("Nobody is to read this.")
    (corpus_folder / "rows.csv").write_text("title,text\nOne,The first row.\nTwo,\n")
    (corpus_folder / "photo.jpg").write_bytes(b"\xff\xd8")
    (corpus_folder / "empty.txt").write_bytes(b"")
    remote = fsspec.filesystem("memory")
    remote.put(str(corpus_folder), "memory://bucket/notes", recursive=True)
    here = fill_by_workers(store, list_source(str(corpus_folder)), WorkersHere())
    made = store.made()
    assert set(made) == {"bees.txt", "tea.txt", "deep/page.html", "rows.csv"}
    assert {left_out.path for left_out in here.skipped} == {"photo.jpg", "empty.txt", "rows.csv"}
    workers = WorkersHere()
    there = fill_by_workers(store, list_source("memory://bucket/notes/"), workers)
    assert (there.stored, there.unchanged, there.removed) == (0, 4, 0)
    assert workers.embedder.encoded == []
    assert [(s.path, s.reason) for s in there.skipped[:2]] == [
        (s.path, s.reason) for s in here.skipped[:2]
    ]


def test_rows_of_a_table_are_documents(tmp_path, store) -> None:
    path = table(
        tmp_path / "mills.parquet",
        ID=["a", "b", "a", "d"],
        Text=["The mill grinds rye.", " ", "Another of that id.", "The boat sails at noon."],
        title=["Mill", None, None, "Boat"],
        date=[date(2025, 2, 12), None, None, date(2024, 1, 3)],
        url=["https://example.org/mill", None, None, "no address"],
        other=[1, 2, 3, 4],
    )
    report = fill_by_workers(store, list_source(path), WorkersHere())
    assert [(s.path, s.reason) for s in report.skipped] == [
        ("mills.parquet#b", "no text"),
        ("mills.parquet#a (row 3)", "an earlier row has the same id"),
    ]
    (mill,) = store.made()["mills.parquet#a"].file.documents
    assert (mill.id, mill.file) == ("mills.parquet#a", "mills.parquet#a")
    assert (mill.title, mill.date, mill.url) == ("Mill", "2025-02-12", "https://example.org/mill")
    assert set(store.made()) == {"mills.parquet#a", "mills.parquet#d"}


def test_a_row_that_changes_alone_is_embedded_again(tmp_path, store) -> None:
    columns = {"id": [7, 8, 9], "text": ["One mill.", "Two mills.", "Three mills."]}
    path = table(tmp_path / "t.parquet", **columns)
    fill_by_workers(store, list_source(path), WorkersHere())
    path = table(tmp_path / "t.parquet", id=[9, 7], text=["Three mills.", "No mill."])
    workers = WorkersHere()
    report = fill_by_workers(store, list_source(path), workers)
    assert (report.stored, report.unchanged, report.removed) == (1, 1, 1)
    assert set(workers.embedder.encoded) == {"No mill."}
    assert texts(store) == {"t.parquet#7": "No mill.", "t.parquet#9": "Three mills."}


def test_rows_without_ids_are_numbered_as_in_other_files(tmp_path, store) -> None:
    path = table(
        tmp_path / "T.PARQUET", text=["One.", "Two.", "Three."], date=[datetime(2025, 1, 2, 3)] * 3
    )
    fill_by_workers(store, list_source(path), WorkersHere())
    found = list_source(path).files[0]
    assert sorted(store.made()) == [f"{found}#1", f"{found}#2", f"{found}#3"]
    assert store.made()[f"{found}#1"].file.documents[0].date == "2025-01-02"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "broken, or no .parquet"),
        (b"PAR1 and no more", "broken, or no .parquet"),
        ({"title": ["x"]}, "no column 'text'"),
        ({"text": pyarrow.array([], pyarrow.string())}, "empty"),
    ],
)
def test_a_table_that_cannot_be_read_keeps_what_was_stored(
    tmp_path, store, content, reason
) -> None:
    (tmp_path / "in").mkdir()
    table(tmp_path / "in" / "t.parquet", text=["One."])
    fill_by_workers(store, list_source(str(tmp_path / "in")), WorkersHere())
    if isinstance(content, bytes):
        (tmp_path / "in" / "t.parquet").write_bytes(content)
    else:
        table(tmp_path / "in" / "t.parquet", **content)
    report = fill_by_workers(store, list_source(str(tmp_path / "in")), WorkersHere())
    assert [s.path for s in report.skipped] == ["t.parquet"]
    assert reason in report.skipped[0].reason
    assert texts(store) == {"t.parquet#1": "One."}


def test_a_folder_that_cannot_be_listed_keeps_what_was_stored(tmp_path, store, monkeypatch) -> None:
    source = tmp_path / "in"
    for name in ("deep\u202e/a.txt", "deep/b.txt"):
        (source / name).parent.mkdir(parents=True)
        (source / name).write_text("An old text.")
    (source / "c.txt").write_text("Another text.")
    fill_by_workers(store, list_source(str(source)), WorkersHere())
    (source / "deep" / "b.txt").unlink()
    listed = os.scandir

    def refused(path):
        if str(path).endswith("\u202e"):
            raise PermissionError(13, "Permission denied", str(path))
        return listed(path)

    monkeypatch.setattr(os, "scandir", refused)
    report = fill_by_workers(store, list_source(str(source)), WorkersHere())
    assert ["cannot be listed" in s.reason for s in report.skipped] == [True]
    assert (set(store.made()), report.removed) == ({"deep\u202e/a.txt", "c.txt"}, 1)


def test_a_row_that_cannot_be_embedded_keeps_what_was_stored(tmp_path, store) -> None:
    path = table(tmp_path / "t.parquet", text=["One.", "Two.", "Three."])
    fill_by_workers(store, list_source(path), WorkersHere())
    path = table(tmp_path / "t.parquet", text=["One.", "At this the model fails.", " "])
    report = fill_by_workers(store, list_source(path), WorkersHere())
    assert [s.path for s in report.skipped] == ["t.parquet#2", "t.parquet#3"]
    assert texts(store) == {"t.parquet#1": "One.", "t.parquet#2": "Two."}


def test_a_link_out_of_the_folder_is_not_followed(tmp_path, corpus_folder, store) -> None:
    table(tmp_path / "secret.parquet", text=["A secret."])
    (corpus_folder / "link.parquet").symlink_to(tmp_path / "secret.parquet")
    report = fill_by_workers(store, list_source(str(corpus_folder)), WorkersHere())
    assert "leads out" in report.skipped[0].reason
    assert "A secret." not in texts(store).values()


# --- what fails ---------------------------------------------------------------------------------


def test_what_is_lost_with_another_is_tried_again_alone(tmp_path, store) -> None:
    source = tmp_path / "in"
    source.mkdir()
    (source / "a.txt").write_text("The worker dies of this.")
    (source / "b.txt").write_text("The neighbour is innocent.")
    table(source / "t.parquet", text=["One.", "The worker dies of it.", "Three.", "Four."])
    report = fill_by_workers(store, list_source(str(source)), WorkersHere())
    assert set(texts(store)) == {"b.txt", "t.parquet#1", "t.parquet#3", "t.parquet#4"}
    assert [lost.path for lost in report.lost] == ["a.txt", "t.parquet"]
    assert report.stored == len(store.puts()) == 4
    assert report.skipped == []


def test_what_is_lost_keeps_what_was_stored_and_the_rest_goes(tmp_path, store) -> None:
    source = tmp_path / "in"
    source.mkdir()
    for name in ("a.txt", "b.txt"):
        (source / name).write_text("An old text.")
    table(source / "t.parquet", text=["One.", "Two."])
    fill_by_workers(store, list_source(str(source)), WorkersHere())
    (source / "a.txt").write_text("The worker dies of this.")
    (source / "b.txt").unlink()
    table(source / "t.parquet", text=["One.", "The worker dies of it."])
    report = fill_by_workers(store, list_source(str(source)), WorkersHere())
    assert texts(store) == {"a.txt": "An old text.", "t.parquet#1": "One.", "t.parquet#2": "Two."}
    assert report.removed == 1


def test_a_run_that_ends_early_is_taken_up(corpus_folder, store) -> None:
    class Interrupted(WorkersHere):
        def parts(self, *arguments):
            yield [next(super().parts(*arguments))[0]]
            raise KeyboardInterrupt

    for number in range(6):
        (corpus_folder / f"{number}.txt").write_text(f"The boat number {number} sails.")
    with pytest.raises(KeyboardInterrupt):
        fill_by_workers(store, list_source(str(corpus_folder)), Interrupted())
    report = fill_by_workers(store, list_source(str(corpus_folder)), WorkersHere())
    assert (report.stored, report.unchanged) == (7, 1)
    assert sorted(store.puts()) == sorted(store.made())


# --- wrong usage --------------------------------------------------------------------------------


def test_nothing_to_read_is_said_before_anything_is_removed(tmp_path) -> None:
    (tmp_path / "hollow").mkdir()
    for root in (str(tmp_path / "hollow"), (tmp_path / "hollow").as_uri(), "memory://nowhere"):
        with pytest.raises(CorpusError, match=r"nothing to read in .*expected files ending in"):
            list_source(root)
    with pytest.raises(UsageError, match="no corpus folder"):
        list_source(str(tmp_path / "missing"))


def test_an_address_that_no_library_reads(monkeypatch) -> None:
    with pytest.raises(UsageError, match="no address that can be read"):
        list_source("nosuch://bucket/notes")
    monkeypatch.setitem(sys.modules, "gcsfs", None)
    with pytest.raises(UsageError, match="no library for gs://bucket is installed"):
        list_source("gs://bucket")
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    with pytest.raises(UsageError, match=r"pip install '.\[ray\]'"):
        list_source("s3://bucket")


def test_ray_without_the_extra_says_how_to_get_it(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(UsageError, match=r"pip install '.\[ray\]'"), cluster("", 1):
        pass


@pytest.mark.parametrize("address", ["127.0.0.1:9", "nowhere", "127.0.0.1:x", ":6379", "[::1]:9"])
def test_nobody_at_the_address(address) -> None:
    with (
        pytest.raises(UsageError, match=r"no Ray that fits .*ray start --head"),
        cluster(address, 1),
    ):
        pass


def test_another_program_at_the_address(monkeypatch) -> None:
    monkeypatch.setattr(on_ray, "_STATUS_SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(UsageError, match="another program, or version"), cluster(address, 1):
            pass
