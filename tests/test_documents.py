import os
from pathlib import Path

import pytest
from conftest import SEEDS

from rag.documents import MAX_FILE_BYTES, find_title, load_corpus
from rag.errors import CorpusError


def reasons(folder: Path) -> dict[str, str]:
    return {skipped.path: skipped.reason for skipped in load_corpus(folder).skipped}


def test_titles_of_the_five_articles() -> None:
    titles = [document.title for document in load_corpus(SEEDS).documents]
    assert titles == [
        "Jack Ma responds to Pinduoduo’s approach: Ali’s self-reinvention and opportunities in the "
        "AI era",
        "001_0dae6a9a68ce1078.txt",  # begins at once
        "Alibaba's AI Revolution: A New Strategy for Success",
        "How are Alibaba's AI-driven innovative businesses performing?",  # after a date and a count
        "Alibaba anchors AI to restart its entrepreneurship",
    ]


def test_text_is_decoded_as_it_stands(tmp_path: Path) -> None:
    data = "\ufeffTitle of it\r\n\r\nLine one.\r\nLine two.\r\n"
    (tmp_path / "a.txt").write_bytes(data.encode())
    (document,) = load_corpus(tmp_path).documents
    assert document.text == data
    assert document.title == "Title of it"


def test_ids_are_sorted_relative_paths(corpus_folder: Path) -> None:
    (corpus_folder / "sub").mkdir()
    (corpus_folder / "sub" / "b.md").write_text("# A heading\n\nText.")
    (corpus_folder / ".hidden.txt").write_text("secret")
    documents = load_corpus(corpus_folder).documents
    assert [d.id for d in documents] == ["bees.txt", "sub/b.md", "tea.txt"]
    assert documents[1].title == "A heading"


def test_what_cannot_be_read_is_named_and_the_rest_goes_on(corpus_folder: Path) -> None:
    (corpus_folder / "latin.txt").write_bytes("café".encode("latin-1"))
    (corpus_folder / "empty.txt").write_text(" \n")
    (corpus_folder / "binary.txt").write_bytes(b"a\x00b")
    (corpus_folder / "photo.jpg").write_bytes(b"\xff\xd8")
    (corpus_folder / "dangling.txt").symlink_to(corpus_folder / "nowhere.txt")
    (corpus_folder / "outside.txt").symlink_to("/etc/hostname")
    os.mkfifo(corpus_folder / "pipe.txt")
    with (corpus_folder / "huge.txt").open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)
    assert len(load_corpus(corpus_folder).documents) == 2
    found = reasons(corpus_folder)
    assert found["latin.txt"] == "not UTF-8 (byte 0xe9 at offset 3): convert it"
    assert found["empty.txt"] == "empty"
    assert found["binary.txt"] == "binary, not text"
    assert found["photo.jpg"] == "not one of .txt, .md"
    assert found["dangling.txt"] == "not a regular file"
    assert found["outside.txt"] == "a link that leads out of the corpus folder"
    assert found["pipe.txt"] == "not a regular file"
    assert "more than" in found["huge.txt"]


def test_a_name_that_would_break_the_line_is_made_printable(corpus_folder: Path) -> None:
    (corpus_folder / "two\nlines.txt").write_bytes(b"\xff")
    assert "two lines.txt" in reasons(corpus_folder)


def test_missing_empty_and_wrong_folders(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="no corpus folder"):
        load_corpus(tmp_path / "missing")
    with pytest.raises(CorpusError, match="nothing to read"):
        load_corpus(tmp_path)
    (tmp_path / "file").write_text("x")
    with pytest.raises(CorpusError, match="is not a folder"):
        load_corpus(tmp_path / "file")


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_an_unreadable_folder(corpus_folder: Path) -> None:
    corpus_folder.chmod(0)
    try:
        with pytest.raises(CorpusError, match="cannot list"):
            load_corpus(corpus_folder)
    finally:
        corpus_folder.chmod(0o700)


def test_first_lines_that_are_no_titles() -> None:
    assert find_title("A sentence that begins at once.\nMore.") is None
    assert find_title("x" * 200 + " y") is None
    assert find_title("02/12 2025\n423\nThe real title\n") == "The real title"
