"""The command line, with fakes for the two models only."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from chat_server import says, serving
from conftest import ROOT, BagOfWordsEmbedder, CopyingGenerator
from made_files import pdf

import rag.embedder
import rag.generator
import rag.judge
import rag.language_models
import rag.pipeline
from rag import ask, build
from rag.cli import index_folder
from rag.errors import UsageError
from rag.weights import Weights

COPIER = Weights("copier", Path(), "c")


@pytest.fixture
def here(corpus_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a corpus, and models that are fakes."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(rag.pipeline, "resolve", lambda spec, choice=None: choice)
    monkeypatch.setattr(rag.language_models, "resolve_generator", lambda choice: COPIER)
    monkeypatch.setattr(rag.embedder, "load_embedder", lambda weights: BagOfWordsEmbedder())
    monkeypatch.setattr(rag.generator, "load_generator", lambda weights: CopyingGenerator())
    monkeypatch.setattr(rag.judge, "find_judge", lambda generator: lambda: None)
    return tmp_path


def asked(*argv: str, stdin: bytes | None = None, monkeypatch: pytest.MonkeyPatch) -> int:
    if stdin is not None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
    return ask.main(["--corpus", "corpus", *argv])


def test_an_answer_and_its_sources(here, capsys, monkeypatch) -> None:
    assert asked("How many eggs does the queen lay?", monkeypatch=monkeypatch) == 0
    out, err = capsys.readouterr()
    assert out == (
        "The queen lays up to 2,000 eggs a day in summer. [1]\n\n"
        "[1] bees.txt · The life of bees\n"
        "    “The queen lays up to 2,000 eggs a day in summer.”\n\n"
    )
    assert "building index indexes/corpus: there is none yet" in err
    assert "retrieve" in err


def test_a_refusal_is_no_error_and_shows_what_is_near(here, capsys, monkeypatch) -> None:
    assert asked("Which orchestra plays Mahler?", monkeypatch=monkeypatch) == 0
    out = capsys.readouterr().out
    assert out.startswith("The corpus does not tell.\nThe nearest sentence does not name Mahler")
    assert "needed.\n\nNearest passages, none of which answers:\n" in out


@pytest.mark.parametrize("concurrency", ["1", "3"])
def test_lines_of_standard_input(here, capsys, monkeypatch, concurrency) -> None:
    lines = (
        b"How many eggs does the queen lay?\n\n  \n\xff\xfe\n"
        + b"x" * 100_000
        + b"\nHow hot is green tea steeped?"
    )
    arguments = ["--json", "--concurrency", concurrency]
    assert asked(*arguments, stdin=lines, monkeypatch=monkeypatch) == 2
    out, err = capsys.readouterr()
    objects = [json.loads(line) for line in out.splitlines()]
    assert [o.get("answer", o.get("error", ""))[:24] for o in objects] == [
        "The queen lays up to 2,0",
        "the question is not UTF-",
        "the question has 100,000",
        "Green tea is steeped at ",
    ]
    assert "rag: line 4: the question is not UTF-8" in err
    assert "rag: line 5: the question has 100,000 characters" in err


def test_output_that_lacks_a_letter_is_written_all_the_same(here, monkeypatch) -> None:
    page = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(page, encoding="cp1252"))
    (here / "corpus" / "longjing.txt").write_text("阿里茶 Longjing tea is steeped at 80 degrees.")
    assert asked("How hot is Longjing tea steeped?", monkeypatch=monkeypatch) == 0
    assert b"??? Longjing tea is steeped at 80 degrees." in page.getvalue()


def test_json_keeps_every_character_of_a_quote(here, monkeypatch) -> None:
    out = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(out, encoding="latin-1"))
    (here / "corpus" / "longjing.txt").write_text("阿里茶 Longjing tea is steeped at 80 degrees.")
    assert asked("--json", "How hot is Longjing tea steeped?", monkeypatch=monkeypatch) == 0
    (citation,) = json.loads(out.getvalue())["citations"]
    assert citation["quote"] == "阿里茶 Longjing tea is steeped at 80 degrees."


def test_a_full_disk_is_told(here, capsys, monkeypatch) -> None:
    with Path("/dev/full").open("w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        assert asked("How hot is green tea steeped?", monkeypatch=monkeypatch) == 1
    assert capsys.readouterr().err.endswith(
        "rag: error: no space left for what is written; free some disk\n"
    )


def test_an_empty_name_is_no_folder(here, capsys) -> None:
    with pytest.raises(SystemExit) as ended:
        ask.main(["--corpus", "", "How hot is green tea steeped?"])
    assert ended.value.code == 2
    assert "the name is empty; expected that of a folder" in capsys.readouterr().err


def test_a_byte_order_mark_is_no_part_of_a_question(here, capsys, monkeypatch) -> None:
    stdin = b"\xef\xbb\xbfHow hot is green tea steeped?\n"
    assert asked("--json", stdin=stdin, monkeypatch=monkeypatch) == 0
    assert json.loads(capsys.readouterr().out)["question"] == "How hot is green tea steeped?"


def test_no_lines_are_no_answers_and_load_nothing(here, capsys, monkeypatch) -> None:
    assert asked(stdin=b"\n", monkeypatch=monkeypatch) == 0
    assert capsys.readouterr() == ("", "")


def test_the_folder_is_read_when_the_first_line_comes(here, capsys, monkeypatch) -> None:
    class Terminal(io.BytesIO):
        """Someone edits a file before they type."""

        def __next__(self) -> bytes:
            (here / "corpus" / "bees.txt").write_text("The queen lays up to 3,000 eggs a day.")
            return super().__next__()

    asks = Terminal(b"How many eggs does the queen lay?\n")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(asks))
    assert asked(monkeypatch=monkeypatch) == 0
    assert "3,000" in capsys.readouterr().out


def test_escape_sequences_in_a_document_do_not_reach_the_terminal(
    here, capsys, monkeypatch
) -> None:
    text = "The lighthouse keeper is called \x1b[31mMarge\u202e Simpson\x07 today."
    (here / "corpus" / "light.txt").write_text(text)
    assert asked("Who is the lighthouse keeper called?", monkeypatch=monkeypatch) == 0
    out = capsys.readouterr().out
    assert "Marge" in out
    assert not {"\x1b", "\u202e", "\x07"} & set(out)


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        ([""], 2, "the question is empty"),
        (["?!?"], 2, "the question has no word: '?!?'"),
        (["x" * 100_000], 2, "at most 2,000"),
        (["a\x00b"], 2, "is not text"),
        (["q", "--top-k", "0"], 2, "top-k is 0, expected 1 to 50"),
        (["q", "--max-words", "9999"], 2, "max-words is 9999"),
        (["q", "--concurrency", "0"], 2, "concurrency is 0, expected 1 to 256"),
        (["q", "--concurrency", "9999"], 2, "concurrency is 9999, expected 1 to 256"),
        (["q", "--index", "../x"], 2, "is no name"),
        (["q", "--since", "2025"], 2, "--since '2025' is no day"),
        (["q", "--corpus", "missing"], 2, "no corpus folder missing"),
        (["q", "--generator", "openai:127.0.0.1"], 2, "expected openai:URL#MODEL"),
    ],
)
def test_errors_are_one_line(here, capsys, monkeypatch, arguments, status, message) -> None:
    assert asked(*arguments, monkeypatch=monkeypatch) == status
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("rag: error: ")
    assert message in err
    assert err.count("\n") == 1
    assert not (here / "indexes").exists()


@pytest.mark.parametrize("arguments", [["--top-k", "many"], ["--unknown"], ["a", "b"]])
def test_wrong_usage(here, capsys, monkeypatch, arguments) -> None:
    with pytest.raises(SystemExit) as caught:
        asked(*arguments, monkeypatch=monkeypatch)
    assert caught.value.code == 2


def test_only_documents_of_a_time_and_place_are_asked(here, capsys, monkeypatch) -> None:
    (here / "corpus" / "new.txt").write_text(
        "News of bees\n\n02/12 2025\n\nThe queen lays 3,000 eggs a day.", encoding="utf-8"
    )
    question = "How many eggs does the queen lay a day?"
    assert asked(question, "--since", "2025-01-01", "--quiet", monkeypatch=monkeypatch) == 0
    out, err = capsys.readouterr()
    assert out == (
        "The queen lays 3,000 eggs a day. [1]\n\n[1] new.txt · News of bees · 2025-02-12\n"
        "    “The queen lays 3,000 eggs a day.”\n\n"
    )
    assert err == "rag: documents searched: 1; left out for want of a date: 2\n"
    assert asked(question, "--source", "bee*", "--json", monkeypatch=monkeypatch) == 0
    (citation,) = json.loads(capsys.readouterr().out)["citations"]
    assert (citation["doc"], citation["date"], citation["page"]) == ("bees.txt", "", None)


def test_the_page_of_a_pdf_is_cited(here, capsys, monkeypatch) -> None:
    pages = ["A title page.", "Wasps live in nests of about 300 workers in summer."]
    (here / "corpus" / "wasps.pdf").write_bytes(pdf(pages, "/Title (All of wasps)"))
    (here / "corpus" / "broken.pdf").write_bytes(b"%PDF-1.4 and no more")
    assert asked("How many workers live in a nest of wasps?", monkeypatch=monkeypatch) == 0
    out, err = capsys.readouterr()
    assert "[1] wasps.pdf · All of wasps · page 2\n" in out
    assert err.splitlines()[-1].startswith("rag: skipped broken.pdf: broken, or no .pdf (")


def test_skipped_files_are_named_at_the_end(here, capsys, monkeypatch) -> None:
    (here / "corpus" / "data.txt").write_bytes(b"\x00\xe9")
    assert asked("How many eggs does the queen lay?", "--quiet", monkeypatch=monkeypatch) == 0
    assert capsys.readouterr().err == (
        "rag: skipped data.txt: binary, not text: convert it to one of the other formats\n"
    )


def test_build_says_what_it_made(here, capsys) -> None:
    assert build.main(["--corpus", "corpus", "--index", "mine"]) == 0
    assert capsys.readouterr().out.startswith(
        "indexes/mine: 2 documents, 2 chunks (added bees.txt, tea.txt; "
    )
    assert (here / "indexes" / "mine" / "manifest.json").is_file()


def test_folders_of_one_name_get_different_indexes(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert index_folder(Path("seeds"), None) == Path("indexes/seeds")
    first, second = (index_folder(Path(place, "docs"), None) for place in ("a", "b"))
    assert first != second
    assert index_folder(Path("/"), None).name.startswith("corpus-")
    with pytest.raises(UsageError):
        index_folder(Path("seeds"), "a/b")


def test_folders_whose_names_are_no_names_of_indexes_get_different_ones(
    tmp_path, monkeypatch
) -> None:
    monkeypatch.chdir(tmp_path)
    long = "笔" * 80
    names = ["my-notes", "my notes", "my+notes", long, long + "记"]
    made = [index_folder(Path(name), None).name for name in names]
    assert made[0] == "my-notes"
    assert len(set(made)) == len(made)
    assert max(len(os.fsencode(f".{name}.lock")) for name in made) <= 255
    with pytest.raises(UsageError, match="240 bytes"):
        index_folder(Path("seeds"), "笔" * 100)


def test_documents_that_were_brought_stay_in_their_index(here, capsys, monkeypatch) -> None:
    brought = here / "indexes" / "mine" / "files"
    brought.mkdir(parents=True)
    (brought / "wasps.txt").write_text("Wasps live in nests of about 300 workers in summer.")
    question = "How many workers live in a nest of wasps?"
    assert asked(question, "--index", "mine", monkeypatch=monkeypatch) == 2
    assert "indexes/mine holds documents that were brought" in capsys.readouterr().err
    for folder in ([], ["--corpus", str(brought)]):
        assert ask.main([*folder, "--index", "mine", question]) == 0
        assert "about 300 workers" in capsys.readouterr().out


def command(*arguments: str, **options) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "rag.ask", *arguments],
        cwd=ROOT,
        capture_output=True,
        timeout=60,
        **options,
    )


def test_help_teaches() -> None:
    done = command("--help")
    assert done.returncode == 0
    for word in (b"--corpus", b"--json", b"examples:", b"Exit status"):
        assert word in done.stdout


def test_bytes_that_are_no_text_as_an_argument() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "rag.ask", os.fsdecode(b"caf\xff")],
        cwd=ROOT,
        capture_output=True,
        timeout=60,
    )
    assert done.returncode == 2
    assert done.stderr.startswith(b"rag: error: the question is not text")


def test_after_gives_a_follow_up_its_subject(here, capsys, monkeypatch) -> None:
    before = "What does the queen lay in summer, eggs?"
    assert asked("--after", before, "and how many?", monkeypatch=monkeypatch) == 0
    assert f"Understood as: and how many? ({before})" in " ".join(capsys.readouterr().out.split())
    assert asked("--after", before, stdin=b"and how many?\n", monkeypatch=monkeypatch) == 0
    assert f"({before})" in " ".join(capsys.readouterr().out.split())
    assert asked("--after", " ", "and how many?", monkeypatch=monkeypatch) == 2


def test_a_server_drafts_and_is_named(here, capsys, monkeypatch) -> None:
    with serving(says("The queen lays up to 2,000 eggs a day in summer.")) as server:
        arguments = ["--generator", server.choice, "--json", "How many eggs does the queen lay?"]
        assert asked(*arguments, monkeypatch=monkeypatch) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["models"]["generator"] == f"some/model at {server.url}"
    assert "are sent to" not in err  # it is on this machine
    assert server.requests[0][2]["messages"] == [{"role": "user", "content": "Say yes."}]
