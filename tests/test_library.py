"""Several indexes over one set of models: names, brought files, feedback and first questions."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from conftest import BagOfWordsEmbedder, CopyingGenerator

from eval.questions import check_against_corpus, load_questions
from rag import page
from rag.chat import Chat
from rag.config import Config
from rag.documents import load_corpus
from rag.errors import CorpusError, IndexWriteError, UsageError
from rag.feedback import draft_case, record
from rag.index import open_or_build
from rag.library import Library, _plain_name
from rag.line import Line
from rag.page import Turn
from rag.pipeline import Pipeline
from rag.service import Service
from rag.starters import starters
from rag.swap import building
from rag.types import Document


@pytest.fixture
def library(corpus_folder, tmp_path):
    embedder = BagOfWordsEmbedder()
    index = open_or_build(tmp_path / "indexes/own", load_corpus(corpus_folder), embedder, Config())
    pipeline = Pipeline(index, embedder, CopyingGenerator(), Config())
    return Library(pipeline, "own", tmp_path / "indexes")


def upload(tmp_path, name, text):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_brought_files_can_be_asked_and_added_to(library, tmp_path) -> None:
    first = upload(tmp_path, "zebra.txt", "Zebras of the northern plain have 62 stripes each.\n")
    assert library.add("mine", [first]) == ()
    assert library.names() == ["mine", "own"]
    answer = library.pipeline("mine").ask("How many stripes have zebras of the northern plain?")
    assert "62" in answer.answer
    second = upload(tmp_path, "gnu.txt", "The gnus of the southern plain have 14 calves each.\n")
    library.add("mine", [second])
    assert library.about("mine").documents == 2
    again = Library(library.pipeline("own"), "own", tmp_path / "indexes")
    assert again.about("mine").documents == 2
    assert again.about("mine").built


def test_what_cannot_be_read_is_named_and_nothing_is_left_behind(library, tmp_path) -> None:
    good = upload(tmp_path, "good.txt", "Gnus graze on the southern plain all summer.\n")
    (tmp_path / "bad.txt").write_bytes(b"\xff\xfe\x00binary")
    (skipped,) = library.add("mine", [good, tmp_path / "bad.txt"])
    assert skipped.path == "bad.txt"
    empty = upload(tmp_path, "empty.txt", "")
    with pytest.raises(CorpusError, match="empty"):
        library.add("none", [empty])
    assert library.names() == ["mine", "own"]


def test_a_failed_upload_leaves_what_was_brought_before(library, tmp_path, monkeypatch) -> None:
    library.add("mine", [upload(tmp_path, "gnu.txt", "The gnus of the plain have 14 calves.\n")])
    kept = tmp_path / "indexes" / "mine" / "files"
    (tmp_path / "again").mkdir()
    with pytest.raises(CorpusError, match="empty"):
        library.add("mine", [upload(tmp_path / "again", "gnu.txt", "")])
    with pytest.raises(IndexWriteError, match="cannot keep the files"):
        library.add("mine", [upload(tmp_path, "new.txt", "New."), tmp_path / "missing.txt"])
    assert [(path.name, "14 calves" in path.read_text()) for path in kept.iterdir()] == [
        ("gnu.txt", True)
    ]
    with pytest.raises(CorpusError):
        library.add("none", [upload(tmp_path, "empty.txt", "")])
    assert not (tmp_path / "indexes" / "none").exists()


def test_a_place_that_cannot_be_written(library, tmp_path) -> None:
    (tmp_path / "taken").write_text("a file")
    other = Library(library.pipeline("own"), "own", tmp_path / "taken")
    with pytest.raises(IndexWriteError, match="cannot keep the files"):
        other.add("mine", [upload(tmp_path, "gnu.txt", "The gnus of the plain have 14 calves.\n")])


def test_files_of_one_name_are_numbered_and_a_later_upload_replaces(library, tmp_path) -> None:
    files = []
    for number in range(3):
        (tmp_path / str(number)).mkdir()
        files.append(upload(tmp_path / str(number), "README.md", f"Part {number} is on gnus.\n"))
    library.add("mine", files)
    library.add("mine", files)
    kept = tmp_path / "indexes" / "mine" / "files"
    assert {path.name: path.read_text()[5] for path in kept.iterdir()} == {
        "README.md": "0",
        "README-2.md": "1",
        "README-3.md": "2",
    }


def test_an_upload_waits_for_a_build(library, tmp_path) -> None:
    folder = tmp_path / "indexes" / "mine"
    file = upload(tmp_path, "gnu.txt", "The gnus of the southern plain have 14 calves each.\n")
    with ThreadPoolExecutor() as pool:
        with building(folder):
            done = pool.submit(library.add, "mine", [file])
            with pytest.raises(TimeoutError):
                done.result(0.2)
            assert not folder.exists()
        assert done.result() == ()


@pytest.mark.parametrize("name", ["../up", "", ".", "a/b", "x" * 200, "笔" * 100])
def test_an_index_stays_in_its_folder(library, tmp_path, name) -> None:
    with pytest.raises(UsageError):
        library.add(name, [upload(tmp_path, "a.txt", "Text that is long enough.")])


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("../../evil.txt", "evil.txt"),
        ("..\\..\\evil.txt", "evil.txt"),
        (".hidden.txt", "hidden.txt"),
        ("a\nb.txt", "ab.txt"),
        ("..", "unnamed.txt"),
        ("", "unnamed.txt"),
    ],
)
def test_a_brought_file_stays_in_its_folder(name, plain) -> None:
    assert _plain_name(name) == plain


def test_an_index_of_a_folder_is_not_overwritten(library, tmp_path) -> None:
    with pytest.raises(UsageError, match="follows a folder"):
        library.add("own", [upload(tmp_path, "a.txt", "Text that is long enough.")])
    with pytest.raises(UsageError, match="no index 'other'; there are own"):
        library.pipeline("other")


def test_feedback_is_a_test_case_that_loads(library, corpus_folder, tmp_path) -> None:
    answer = library.pipeline("own").ask("How many workers live in a bee colony?")
    record(tmp_path / "f.jsonl", draft_case(answer, [], True, ""))
    record(tmp_path / "f.jsonl", draft_case(answer, ["Which bees?"], False, "50,000"))
    up, down = load_questions([tmp_path / "f.jsonl"])
    texts = {d.id: d.text for d in load_corpus(corpus_folder).documents}
    check_against_corpus([up], texts)
    assert (down.kind, down.history, down.facts) == ("followup", ("Which bees?",), (("50,000",),))
    assert json.loads((tmp_path / "f.jsonl").read_text().splitlines()[1])["note"].startswith(
        "thumbs down"
    )


def test_feedback_tells_the_history_that_was_asked_with(library, tmp_path) -> None:
    turns = [Turn("What is a hive?", error="failed"), Turn("Which bees?"), Turn("How many eggs?")]
    for number in (1, 2):
        answer = library.pipeline("own").ask(turns[number].question)
        turns[number] = replace(turns[number], answer=answer)
    Chat(Service(library, Line()), tmp_path / "f.jsonl").like(turns, 2, True, "")
    assert json.loads((tmp_path / "f.jsonl").read_text())["history"] == ["Which bees?"]


def test_as_much_of_a_note_is_kept_as_the_page_takes(library, tmp_path) -> None:
    turns = [Turn("Which bees?", answer=library.pipeline("own").ask("Which bees?"))]
    note = "x" * (page.MAX_NOTE + 1)
    Chat(Service(library, Line()), tmp_path / "f.jsonl").like(turns, 0, False, note)
    kept = json.loads((tmp_path / "f.jsonl").read_text())["note"]
    assert kept == f"thumbs down: {note[:-1]}"
    assert f'maxlength="{page.MAX_NOTE}"' in page.conversation(turns)


def test_half_a_surrogate_pair_in_a_note_is_kept(tmp_path) -> None:
    record(tmp_path / "f.jsonl", {"note": "\ud83d é"})
    assert json.loads((tmp_path / "f.jsonl").read_text(encoding="utf-8")) == {"note": "\ud83d é"}


def test_first_questions_are_on_names_that_are_explained() -> None:
    text = (
        "Kivi, a maker of sensors, grew. Later Kivi sold. Ada Lind is the founder of Kivi. I won."
    )
    assert starters([Document("d", "t", text)]) == ["What is Kivi?", "Who is Ada Lind?"]
    assert starters([Document("d", "t", "nothing here")]) == []


def test_a_turn_ends_although_its_index_can_no_longer_be_opened(
    library, corpus_folder, tmp_path
) -> None:
    made = Chat(Service(library, Line()), tmp_path / "feedback.jsonl")
    turns = made.begin("How many eggs does the queen lay?", [], "own").turns
    for view in made.answer(turns):
        if view.turns[-1].answer:
            turns = view.turns
            other = BagOfWordsEmbedder("bow-2")
            corpus = load_corpus(corpus_folder)
            open_or_build(tmp_path / "indexes/own", corpus, other, Config())
    assert (turns[-1].status, turns[-1].error) == ("", "")
    assert "2,000" in turns[-1].answer.answer
    assert made.source(turns, 0, 1) == page.CHANGED


def test_a_turn_is_answered_once(library, tmp_path) -> None:
    chat = Chat(Service(library, Line(at_once=2)), tmp_path / "feedback.jsonl")
    turns = chat.begin("How many eggs does the queen lay?", [], "own").turns
    first = chat.answer(turns)
    at_work = next(first).turns
    assert chat.begin("And who is she?", at_work, "own") is None
    assert list(chat.answer(at_work)) == []  # as the page calls it all the same
    assert [*first][-1].turns[-1].status == ""
    assert list(chat.answer(turns)) == []


def test_a_turn_is_about_the_index_that_was_asked(library, tmp_path) -> None:
    chat = Chat(Service(library, Line()), tmp_path / "feedback.jsonl")
    zebra = upload(tmp_path, "zebra.txt", "Zebras of the northern plain have 62 stripes each.\n")
    library.add("mine", [zebra])
    turns = chat.begin("How many stripes have zebras of the northern plain?", [], "mine").turns
    *_, view = chat.answer(turns)
    assert "62" in view.turns[-1].answer.answer
    assert "<mark" in chat.source(view.turns, 0, 1)


def test_a_marker_that_is_chosen_again_is_shown_again(library, tmp_path) -> None:
    chat = Chat(Service(library, Line()), tmp_path / "feedback.jsonl")
    *_, view = chat.answer(chat.begin("How many eggs does the queen lay?", [], "own").turns)
    once, again = (chat.source(view.turns, 0, 1) for _ in range(2))
    assert once != again  # else the page would see no change
    assert re.sub('data-focus="[^"]+"', "", once) == re.sub('data-focus="[^"]+"', "", again)


def test_what_was_built_since_is_what_is_asked(library, corpus_folder, tmp_path) -> None:
    question = "How many eggs does the queen lay?"
    before = library.pipeline("own")
    assert "2,000" in before.ask(question).answer
    assert library.pipeline("own") is before
    bees = corpus_folder / "bees.txt"
    bees.write_text(bees.read_text().replace("2,000", "3,000"))
    corpus = load_corpus(corpus_folder)
    open_or_build(tmp_path / "indexes/own", corpus, before.embedder, Config())
    assert "3,000" in library.pipeline("own").ask(question).answer
    assert "2,000" in before.ask(question).answer  # for a question that was begun before
    bees.unlink()
    corpus = load_corpus(corpus_folder)
    open_or_build(tmp_path / "indexes/own", corpus, before.embedder, Config())
    assert library.pipeline("own").ask(question).refused


def test_an_index_of_another_embedder_is_not_searched(library, corpus_folder, tmp_path) -> None:
    other = BagOfWordsEmbedder("bow-2")
    open_or_build(tmp_path / "indexes/own", load_corpus(corpus_folder), other, Config())
    with pytest.raises(UsageError, match="another embedder since"):
        library.pipeline("own")
