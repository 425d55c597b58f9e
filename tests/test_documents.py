import errno
import json
import os
from pathlib import Path

import pytest
from conftest import SEEDS, BagOfWordsEmbedder
from made_files import pdf, word

from rag.chunking import chunk_document
from rag.config import Config
from rag.documents import MAX_FILE_BYTES, Corpus, document_of, find_title, load_corpus
from rag.errors import CorpusError, UsageError
from rag.extract import Extract, Reading
from rag.index import open_or_build
from rag.known_texts import read_corpus
from rag.types import Document
from rag.worker import Worker


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
    (corpus_folder / "elsewhere").symlink_to("/etc")
    (corpus_folder / "circle.txt").symlink_to(corpus_folder / "circle.txt")
    (corpus_folder / "zero.pdf").write_bytes(b"")
    (corpus_folder / "image.pdf").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(99))
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
    assert found["elsewhere"] == "a link to a folder, which is not followed: copy the folder here"
    assert found["circle.txt"]
    assert found["zero.pdf"] == "empty"
    assert found["image.pdf"].startswith("broken, or no .pdf")
    assert found["empty.txt"] == "empty"
    assert found["binary.txt"].startswith("binary, not text")
    assert found["photo.jpg"].startswith("not one of .txt, .md, .html")
    assert found["dangling.txt"] == "not a regular file"
    assert found["outside.txt"].startswith("a link that leads out of the corpus folder")
    assert found["pipe.txt"] == "not a regular file"
    assert "more than" in found["huge.txt"]


def test_a_name_that_would_break_the_line_is_made_printable(corpus_folder: Path) -> None:
    (corpus_folder / "two\nlines.txt").write_bytes(b"\x00")
    assert "two lines.txt" in reasons(corpus_folder)


def test_missing_empty_and_wrong_folders(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no corpus folder"):
        load_corpus(tmp_path / "missing")
    with pytest.raises(CorpusError, match="nothing to read"):
        load_corpus(tmp_path)
    (tmp_path / "file").write_text("x")
    with pytest.raises(UsageError, match="is not a folder"):
        load_corpus(tmp_path / "file")


def test_an_unreadable_folder(corpus_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No permissions are taken away: root reads everything."""
    closed = corpus_folder / "closed"
    closed.mkdir()
    scandir = os.scandir

    def refuse(path: str | os.PathLike[str]):
        if Path(path) == closed:
            raise PermissionError(errno.EACCES, "Permission denied", os.fspath(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    assert len(load_corpus(corpus_folder).documents) == 2
    assert reasons(corpus_folder) == {
        "closed": "cannot be listed: Permission denied; check its permissions"
    }
    with pytest.raises(CorpusError, match="closed cannot be listed: Permission denied"):
        load_corpus(closed)


def test_first_lines_that_are_no_titles() -> None:
    assert find_title("A sentence that begins at once.\nMore.") is None
    assert find_title("x" * 200 + " y") is None
    assert find_title("02/12 2025\n423\nThe real title\n") == "The real title"


@pytest.mark.parametrize(
    ("text", "title"),
    [
        (
            "From: Ann Lee <ann@example.org>\nSent: 12 Feb 2025\nTo: Bo\nCc: Cy\nDate: today\n"
            "Subject: Budget of 2025\n\nhello Bo",
            "Budget of 2025",
        ),
        ("| Name | Budget |\n|---|---|\n| Ops | 5 |\n\n# Units of May", "Units of May"),
        ("<!-- toc here -->\n# The heading\nand so on.", "The heading"),
        ("<!-- a licence\nof two lines -->\n# The heading", None),
        (
            "![A picture](a.png)\n> quoted words\n- Date: 2025-02-12\nThe real title",
            "The real title",
        ),
        ("```python x\nimport os as x\n```", None),
        ("The board met on Tuesday and decided that the budget\nis to grow.", None),
        ("The bridges of Oulu\nby Ann Lee", "The bridges of Oulu"),
        ("The bridges of Oulu\nhttps://example.org", "The bridges of Oulu"),
        ("The bridges of Oulu\n\nare many.", "The bridges of Oulu"),
    ],
)
def test_titles_after_other_lines(text: str, title: str | None) -> None:
    assert find_title(text) == title


def test_the_day_on_which_a_note_was_made() -> None:
    made = document_of("a.md", Extract("---\ncreated: 2025-02-12\n---\nIt rained."))
    assert made.date == "2025-02-12"


def test_the_date_of_the_one_article_that_tells_it() -> None:
    dates = {d.id[:3]: d.date for d in load_corpus(SEEDS).documents}
    assert dates == {"000": "", "001": "", "002": "", "003": "2025-02-12", "004": ""}


def test_front_matter_is_read_but_neither_cut_off_nor_indexed(tmp_path: Path) -> None:
    text = (
        "---\r\ntitle: 'The plan: part 2'\r\nDate: 2025-03-04T10:00:00Z\r\ntags:\r\n  - a\r\n"
        "url: https://example.org/plan\r\n---\r\n# Heading of it\r\n\r\nThe plan is simple.\r\n"
    )
    (tmp_path / "plan.md").write_bytes(text.encode())
    (document,) = load_corpus(tmp_path).documents
    assert (document.title, document.date) == ("The plan: part 2", "2025-03-04")
    assert (document.url, document.text) == ("https://example.org/plan", text)
    chunked = " ".join(chunk.text for chunk in chunk_document(document, 900, 0))
    assert chunked.split() == "# Heading of it The plan is simple.".split()


def test_an_address_that_is_no_text_is_left_out() -> None:
    assert document_of("a.json", Extract("Tea.", url="https://a\ud800b")).url == ""
    assert document_of("a.json", Extract("Tea.", url="https://a.b")).url == "https://a.b"


def test_rows_are_documents_of_their_file(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(
        "title,text,date,url\nTea,Green tea is hot.,2025-01-02,javascript:alert(1)\n"
        ',"Tea\nis grown in Assam.",,https://example.org\n,,,\n'
    )
    corpus = load_corpus(tmp_path)
    tea, other = corpus.documents
    assert (tea.id, tea.file, tea.title, tea.date, tea.url) == (
        "t.csv#1",
        "t.csv",
        "Tea",
        "2025-01-02",
        "",
    )
    assert (other.id, other.title, other.url) == ("t.csv#2", "t.csv#2", "https://example.org")
    assert corpus.fingerprints.keys() == {"t.csv"}
    assert [s.path for s in corpus.skipped] == ["t.csv"]
    assert corpus.skipped[0].reason.startswith("1 of 3 rows, the first of them row 3")


def test_pages_hold_in_the_extracted_text(tmp_path: Path) -> None:
    (tmp_path / "a.PDF").write_bytes(pdf(["First page of three.", "", "The third page."]))
    (document,) = load_corpus(tmp_path).documents
    assert document.page(0) == 1
    assert document.page(document.text.index("third page.")) == 3
    assert load_corpus(SEEDS).documents[0].page(10) is None


def test_what_is_known_is_not_extracted_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.pdf").write_bytes(pdf(["The first file."]))
    (tmp_path / "b.docx").write_bytes(word("The second file."))
    (tmp_path / "c.csv").write_text('text\nThe third file.\n""\n')
    before = load_corpus(tmp_path)
    read = []
    original = Worker.read
    monkeypatch.setattr(
        Worker,
        "read",
        lambda self, suffix, data: read.append(suffix) or original(self, suffix, data),
    )
    assert load_corpus(tmp_path, before) == before
    assert read == [".csv"]  # what is left out of it is said again
    (tmp_path / "a.pdf").write_bytes(pdf(["Another file."]))
    changed = load_corpus(tmp_path, before)
    assert read == [".csv", ".pdf", ".csv"]
    assert changed.documents[0].text == "Another file."
    assert changed.fingerprints["a.pdf"] != before.fingerprints["a.pdf"]


def test_texts_of_another_format_are_extracted_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, folder = tmp_path / "corpus", tmp_path / "index"
    root.mkdir()
    (root / "a.pdf").write_bytes(pdf(["The first file."]))
    open_or_build(folder, load_corpus(root), BagOfWordsEmbedder(), Config())
    monkeypatch.setattr(Worker, "read", lambda *_: Reading((Extract("Read anew."),)))
    assert read_corpus(root, folder).documents[0].text == "The first file."
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["recipe"]["format"] = 1
    (folder / "manifest.json").write_text(json.dumps(manifest))
    assert read_corpus(root, folder).documents[0].text == "Read anew."


def test_what_was_left_out_of_a_file_is_told_at_each_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, folder = tmp_path / "corpus", tmp_path / "index"
    root.mkdir()
    (root / "broken.pdf").write_bytes(b"%PDF-1.4 and no more")
    start, *between, end = pdf(["One.", "Two."], compress=True).split(b"/FlateDecode")
    (root / "partly.pdf").write_bytes(
        b"/FlateDec0de".join([start, *between]) + b"/FlateDecode" + end
    )
    first = read_corpus(root, folder)
    assert "1 of 2 pages" in first.skipped[1].reason
    open_or_build(folder, first, BagOfWordsEmbedder(), Config())
    read, original = [], Worker.read

    def counted(worker: Worker, suffix: str, data: bytes) -> Reading:
        read.append(data[:20])
        return original(worker, suffix, data)

    monkeypatch.setattr(Worker, "read", counted)
    assert read_corpus(root, folder).skipped == first.skipped
    assert read == [b"%PDF-1.4 and no more"]
    (root / "partly.pdf").write_bytes(pdf(["One.", "Two."]))
    assert [skipped.path for skipped in read_corpus(root, folder).skipped] == ["broken.pdf"]


def test_what_is_known_of_a_format_that_is_no_more_is_passed_over(corpus_folder: Path) -> None:
    gone = Document("old.odt", "Old", "Text.", file="old.odt")
    known = Corpus(corpus_folder, (gone,), {"old.odt": "1"}, ())
    assert len(load_corpus(corpus_folder, known).documents) == 2


def test_a_long_line_is_read_in_time(tmp_path: Path) -> None:
    (tmp_path / "long.txt").write_text("Bees live in hives and make honey. " * 300_000)
    (document,) = load_corpus(tmp_path).documents
    assert len(document.text) > 10_000_000
