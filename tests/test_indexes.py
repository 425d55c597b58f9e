"""python -m rag.index: what it tells of indexes, and how it removes them."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import BagOfWordsEmbedder

from rag.config import Config
from rag.documents import load_corpus
from rag.index import open_or_build
from rag.indexes import main, size


@pytest.fixture
def here(corpus_folder, tmp_path, monkeypatch):
    """A working folder with the indexes "bees" and, damaged, "tea"."""
    monkeypatch.chdir(tmp_path)
    for name in ("bees", "tea"):
        folder = tmp_path / "indexes" / name
        open_or_build(folder, load_corpus(corpus_folder), BagOfWordsEmbedder(), Config())
    (tmp_path / "indexes/tea/manifest.json").write_text("{")
    return tmp_path


def test_list(here, capsys) -> None:
    assert main(["list"]) == 0
    bees, tea = capsys.readouterr().out.splitlines()
    assert bees.startswith("bees ")
    assert "MB  2 documents, 2 chunks, 20" in bees
    assert "manifest.json cannot be read" in tea
    assert main(["list", "--json"]) == 0
    bees, tea = map(json.loads, capsys.readouterr().out.splitlines())
    assert (bees["name"], bees["documents"], bees["chunks"]) == ("bees", 2, 2)
    assert bees["bytes"] > 1000
    assert set(tea) == {"name", "bytes", "problem"}


def test_a_file_that_goes_while_sizes_are_summed(here, monkeypatch) -> None:
    whole = size(here / "indexes" / "bees")
    (found,) = here.glob("indexes/bees/data-*/documents.jsonl")
    gone = found.stat().st_size
    listed = list(os.walk(here / "indexes" / "bees"))
    found.unlink()
    monkeypatch.setattr(os, "walk", lambda folder: listed)
    assert size(here / "indexes" / "bees") == whole - gone


def test_a_file_that_goes_once_it_was_looked_at(here, monkeypatch) -> None:
    whole = size(here / "indexes" / "bees")
    (found,) = here.glob("indexes/bees/data-*/documents.jsonl")
    stat = Path.stat

    def stat_and_remove(path: Path, **options):
        facts = stat(path, **options)
        if path == found:
            path.unlink()
        return facts

    monkeypatch.setattr(Path, "stat", stat_and_remove)
    assert size(here / "indexes" / "bees") == whole


def test_json_where_output_is_closed(here, monkeypatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    assert main(["list", "--json"]) == 0


def test_info(here, capsys) -> None:
    assert main(["info", "bees"]) == 0
    out = capsys.readouterr().out
    for words in ("embedder     bag of words", f"follows      {here / 'corpus'}", "  tea.txt\n"):
        assert words in out
    assert main(["info", "bees", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert set(told["recipe"]["files"]) == {"bees.txt", "tea.txt"}
    assert main(["info", "tea"]) == 1
    assert "run python -m rag.build FOLDER --index tea" in capsys.readouterr().err


def test_json_keeps_every_character_of_a_name(here, monkeypatch) -> None:
    (here / "corpus" / "茶.txt").write_text("Longjing tea is steeped at 80 degrees.")
    folder = here / "indexes" / "茶"
    open_or_build(folder, load_corpus(here / "corpus"), BagOfWordsEmbedder(), Config())
    for command in (["info", "茶"], ["list"]):
        out = io.BytesIO()
        monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(out, encoding="ascii"))
        assert main([*command, "--json"]) == 0
        told = json.loads(out.getvalue().splitlines()[-1])
        assert told["name"] == "茶"
        assert "茶.txt" in told.get("recipe", {"files": ["茶.txt"]})["files"]


@pytest.mark.parametrize(
    ("field", "value"),
    [("data", 5), ("corpus", -1), ("sha256", ["a"]), ("recipe", {"files": 1}), ("partly", "all")],
)
def test_a_manifest_of_other_types_is_damaged(here, capsys, field, value) -> None:
    path = here / "indexes" / "bees" / "manifest.json"
    told = json.loads(path.read_text())
    told[field] = {**told["recipe"], **value} if field == "recipe" else value
    path.write_text(json.dumps(told))
    assert main(["verify", "bees"]) == 1
    assert ", expected " in capsys.readouterr().err
    assert main(["list", "--json"]) == 0
    assert ", expected " in json.loads(capsys.readouterr().out.splitlines()[0])["problem"]


def test_what_was_brought_is_built_anew_without_its_folder(here, capsys) -> None:
    (here / "indexes" / "tea" / "files").mkdir()
    assert main(["verify", "tea"]) == 1
    assert "run python -m rag.build --index tea\n" in capsys.readouterr().err


def test_verify(here, capsys) -> None:
    assert main(["verify", "bees"]) == 0
    assert "bees is whole: 2 documents, 2 chunks, 8 sentences" in capsys.readouterr().out
    (path,) = here.glob("indexes/bees/data-*/documents.jsonl")
    path.write_bytes(path.read_bytes().replace(b"Beatrix", b"Bernice"))
    assert main(["verify", "bees"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "indexes/bees: its file documents.jsonl is damaged; run python -m rag.build" in err
    assert f"rag.build {here / 'corpus'} --index bees" in err


@pytest.mark.parametrize(
    ("name", "said"),
    [("other", "is no index"), ("../corpus", "is no name"), (".", "is no name")],
)
@pytest.mark.parametrize("command", ["info", "verify", "remove"])
def test_what_is_no_index(here, capsys, command, name, said) -> None:
    assert main([command, name]) == 2
    assert said in capsys.readouterr().err
    assert (here / "corpus" / "tea.txt").exists()


@pytest.mark.parametrize(("answer", "gone"), [("y\n", True), ("n\n", False), ("", False)])
def test_remove_asks(here, capsys, monkeypatch, answer, gone) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(answer))
    assert main(["remove", "bees"]) == 0
    assert "Remove indexes/bees? [y/N]" in capsys.readouterr().err
    assert (here / "indexes" / "bees").exists() == (not gone)


def test_an_index_on_another_disk_is_removed_with_the_link_to_it(here, capsys) -> None:
    folder = here / "indexes" / "bees"
    folder.rename(here / "disk")
    folder.symlink_to(here / "disk")
    assert main(["remove", "bees", "--yes"]) == 0
    assert capsys.readouterr().out == "removed indexes/bees\n"
    assert not folder.is_symlink()
    assert not (here / "disk").exists()


def test_remove_says_that_brought_documents_go_too(here, capsys, monkeypatch) -> None:
    (here / "indexes" / "tea" / "files").mkdir()
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n"))
    main(["remove", "tea"])
    assert "and the documents that were brought into it?" in capsys.readouterr().err
    assert main(["remove", "tea", "--yes"]) == 0
    assert main(["list"]) == 0
    assert capsys.readouterr().out.startswith("removed indexes/tea\nbees ")


def test_the_module_of_the_index_is_its_command(here) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "rag.index", "verify", "bees"],
        cwd=here,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stderr == ""
    assert done.stdout.startswith("indexes/bees is whole")
