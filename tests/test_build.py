"""python -m rag.build: the folder it takes, what it would do, and watching."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT, BagOfWordsEmbedder

import rag.embedder
import rag.models
from rag import build
from rag.index import open_index


@pytest.fixture
def here(corpus_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a corpus, and an embedder that is a fake."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(rag.models, "resolve", lambda spec, choice=None: choice)
    monkeypatch.setattr(rag.embedder, "load_embedder", lambda weights: BagOfWordsEmbedder())
    return tmp_path


def test_the_folder_may_stand_alone(here, capsys) -> None:
    assert build.main(["corpus"]) == 0
    assert build.main(["corpus", "--corpus", "corpus"]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0].startswith("indexes/corpus: 2 documents, 2 chunks (added bees.txt, tea.txt; ")
    assert "(no file changed; " in out[1]


def test_indexes_in_the_folder_are_no_part_of_it(here, capsys) -> None:
    assert build.main(["corpus", "--index", "one"]) == 0
    (here / "indexes" / "one").rename(here / "corpus" / "old")  # by whatever name
    (here / "indexes" / "feedback.jsonl").write_text('{"text": "The bees were fine."}\n')
    for _ in range(2):
        assert build.main(["."]) == 0
    first, second = capsys.readouterr().out.splitlines()[1:]
    assert "(added corpus/bees.txt, corpus/tea.txt; " in first
    assert "(no file changed; " in second


_MILVUS = ["--index", "milvus:notes.db#notes"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["corpus", "--corpus", "seeds"], "FOLDER is corpus and --corpus seeds; name one"),
        (["corpus", "--watch", "--dry-run"], "choose one of them"),
        (["missing", "--watch"], "is not a folder"),
        (["corpus", "--corpus", "seeds", "--on", "ray", *_MILVUS], "name one of them"),
        (["s3://bucket/notes", *_MILVUS], "s3://bucket/notes needs --on ray"),
        (["corpus", "--on", "ray"], "name it with --index milvus:"),
        (["corpus", "--on", "dask", *_MILVUS], "expected ray or ray:HOST:PORT"),
        (["corpus", "--on", "ray:", *_MILVUS], "expected ray or ray:HOST:PORT"),
        (["corpus", "--on", "ray", "--workers", "0", *_MILVUS], "expected 1 or more"),
        (["corpus", "--on", "ray", "--watch", *_MILVUS], "leave one of them out"),
        (["corpus", "--on", "ray:127.0.0.1:9", *_MILVUS], "ray start --head"),
        (["corpus", "--workers", "2"], "--workers is for --on ray"),
    ],
)
def test_wrong_usage(here, capsys, arguments, message) -> None:
    assert build.main(arguments) == 2
    assert message in capsys.readouterr().err
    assert not (here / "indexes").exists()


@pytest.mark.parametrize("arguments", [[""], ["--corpus", " "], ["", "--on", "ray", *_MILVUS]])
def test_an_empty_name_is_no_folder(here, capsys, arguments) -> None:
    (here / "corpus").rename(here / "seeds")
    with pytest.raises(SystemExit) as ended:
        build.main(arguments)
    assert ended.value.code == 2
    assert "the name is empty; expected that of a folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("folder", "status", "said"),
    [("missing", 2, "no corpus folder"), (".", 1, "nothing to read")],
)
@pytest.mark.parametrize("more", [[], ["--on", "ray", *_MILVUS]])
def test_nothing_to_read_is_said_before_anything_starts(
    here, capsys, folder, status, said, more
) -> None:
    for path in (here / "corpus").iterdir():
        path.unlink()
    assert build.main([folder, *more]) == status
    assert said in capsys.readouterr().err
    assert not (here / "indexes").exists()


def test_an_index_is_not_built_over_by_another_folder(here, capsys) -> None:
    corpus, manifest = here / "corpus", here / "indexes" / "mine" / "manifest.json"
    shutil.copytree(corpus, here / "other")
    (here / "other" / "new.txt").write_text("A new file about coffee from Ethiopia.")
    assert build.main(["corpus", "--index", "mine"]) == 0
    before = manifest.read_bytes()
    for more in ([], ["--watch"], ["--dry-run"]):
        assert build.main(["other", "--index", "mine", *more]) == 2
        assert (
            f"indexes/mine is the index of {corpus}; choose another --index for other, or run "
            "python -m rag.index remove mine"
        ) in capsys.readouterr().err
    assert build.main(["--index", "mine"]) == 0  # it is known what that is made of
    assert "(no file changed; " in capsys.readouterr().out
    corpus.rename(here / "moved")
    assert build.main(["--index", "mine"]) == 2
    assert f"no corpus folder {corpus}" in capsys.readouterr().err
    assert manifest.read_bytes() == before
    assert build.main(["moved", "--index", "mine"]) == 0
    assert "(no file changed; " in capsys.readouterr().out


def test_a_link_to_another_folder_than_before_is_followed(here, capsys) -> None:
    (here / "new").mkdir()
    (here / "new" / "new.txt").write_text("A new file about coffee from Ethiopia.")
    (here / "now").symlink_to("corpus")
    assert build.main(["now", "--index", "mine"]) == 0
    assert build.main(["corpus", "--index", "mine"]) == 0  # the same by another name
    (here / "now").unlink()
    (here / "now").symlink_to("new")
    assert build.main(["now", "--index", "mine"]) == 0
    assert "(added new.txt, deleted bees.txt, tea.txt; " in capsys.readouterr().out


def test_a_folder_that_was_copied_with_its_index_refreshes_that(here, capsys, monkeypatch) -> None:
    build.main(["corpus"])
    for name in ("corpus", "indexes"):
        shutil.copytree(here / name, here / "copy" / name)
    monkeypatch.chdir(here / "copy")
    Path("corpus", "tea.txt").unlink()
    assert build.main(["corpus"]) == 0
    assert "(deleted tea.txt; " in capsys.readouterr().out
    assert build.main([str(here / "corpus"), "--index", "corpus"]) == 2
    assert f"is the index of {here / 'copy' / 'corpus'}" in capsys.readouterr().err


def test_a_dry_run_says_what_would_be_done_and_does_nothing(here, capsys) -> None:
    (here / "corpus" / "photo.jpg").write_bytes(b"\xff\xd8")
    assert build.main(["corpus", "--dry-run"]) == 0
    out, err = capsys.readouterr()
    assert out == (
        "added    bees.txt\nadded    tea.txt\n"
        "indexes/corpus would be built (there is none yet): 2 chunks, 10 texts to embed\n"
    )
    assert "rag: skipped photo.jpg: not one of .txt" in err
    assert not (here / "indexes").exists()
    build.main(["corpus"])
    (here / "corpus" / "tea.txt").rename(here / "corpus" / "chai.txt")
    (here / "corpus" / "bees.txt").unlink()
    (here / "corpus" / "ants\n.txt").write_text("Ants have six legs each.")
    capsys.readouterr()
    assert build.main(["corpus", "--dry-run"]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[:3] == ["added    ants .txt", "renamed  tea.txt to chai.txt", "deleted  bees.txt"]
    assert "1 texts to embed" in out[3]
    build.main(["corpus"])
    capsys.readouterr()
    assert build.main(["corpus", "--dry-run"]) == 0
    assert capsys.readouterr().out == "indexes/corpus needs nothing\n"


def test_watching_without_the_library_says_how_to_get_it(here, capsys, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "watchfiles", None)
    assert build.main(["corpus", "--watch"]) == 2
    assert "pip install '.[watch]'" in capsys.readouterr().err


def test_what_was_brought_is_watched_where_no_folder_is_chosen(here, capsys, monkeypatch) -> None:
    brought = here / "indexes" / "mine" / "files"
    (here / "corpus").rename(here / "seeds")
    brought.mkdir(parents=True)
    (brought / "wasps.txt").write_text("Wasps live in nests of about 300 workers in summer.")
    watched = []
    monkeypatch.setattr(build, "_rounds", lambda root: watched.append(root) or iter([None]))
    assert build.main(["--index", "mine", "--watch"]) == 0
    assert "(added wasps.txt; " in capsys.readouterr().out
    assert watched == [Path("indexes/mine/files")]


_WATCHER = f"""
import sys
sys.path[:0] = [{str(ROOT)!r}, {str(ROOT / "tests")!r}]
from conftest import BagOfWordsEmbedder
import signal
import rag.build, rag.embedder, rag.models
signal.signal(signal.SIGINT, signal.default_int_handler)  # shells have what runs behind ignore it
rag.models.resolve = lambda spec, choice=None: choice
rag.embedder.load_embedder = lambda weights: BagOfWordsEmbedder()
sys.exit(rag.build.main(["corpus", "--watch", "--quiet"]))
"""


def test_watching_follows_the_folder_until_it_is_interrupted(here) -> None:
    corpus, index = here / "corpus", here / "indexes" / "corpus"
    with subprocess.Popen(
        [sys.executable, "-c", _WATCHER],
        cwd=here,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as watcher:
        try:
            assert "2 documents" in watcher.stdout.readline()
            (corpus / "tea.txt").rename(corpus / "chai.txt")
            (corpus / "new.txt").write_text("A new file about coffee from Ethiopia.")
            line = watcher.stdout.readline()
            assert "3 documents, 3 chunks (added new.txt, renamed tea.txt to chai.txt; " in line
            assert set(open_index(index).documents) == {"bees.txt", "chai.txt", "new.txt"}
            kept = {path: path.read_bytes() for path in corpus.iterdir()}
            for path in kept:
                path.unlink()
            assert "nothing to read in corpus" in (error := watcher.stderr.readline())
            assert "indexes/corpus keeps what it had (python -m rag.index remove corpus" in error
            kept.pop(corpus / "chai.txt")
            for path, data in kept.items():
                path.write_bytes(data)
            assert "2 documents, 2 chunks (deleted chai.txt; " in watcher.stdout.readline()
        finally:
            os.kill(watcher.pid, signal.SIGINT)
        assert watcher.wait(20) == 130
        assert watcher.stderr.read() == "rag: interrupted\n"


@pytest.mark.parametrize(
    ("path", "concerns"),
    [
        ("notes.txt", True),
        ("deep/indexes/notes.txt", True),
        ("indexes/x/manifest.json", False),
        (".git/index", False),
        ("deep/.notes.txt.swp", False),
    ],
)
def test_writing_an_index_is_no_reason_to_build_another(here, path, concerns) -> None:
    assert build._concerns(here, here / path) == concerns
