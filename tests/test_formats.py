"""Each format: what is taken out of real files, and that broken ones give a reason."""

import io
import json
import sys
import zipfile
from datetime import datetime

import docx
import pytest
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_files import HTML, pdf, saved, word
from pypdf import PdfReader, PdfWriter

from rag import docx_file
from rag.extract import Extract, Reading, Unreadable
from rag.formats import FORMATS, read
from rag.text_file import decode

ROWS = [
    {
        "title": "Tea",
        "text": "Green tea takes 80 degrees.",
        "date": "2025-02-12",
        "url": "http://t",
    },
    {"text": "Black tea takes boiling water, she said.\nAlways."},
]


def only(suffix: str, data: bytes) -> Extract:
    (extract,) = read(suffix, data).extracts
    return extract


def reason(suffix: str, data: bytes) -> str:
    with pytest.raises(Unreadable) as caught:
        read(suffix, data)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1252", "The café in Zürich sells 300 “Würste” a day – or more."),
        ("cp1252", "café"),
        ("cp1250", "Warszawa jest stolicą Polski. Miasto leży nad Wisłą i ma wielu mieszkańców."),
        ("cp1251", "Привет мир, это русский текст о погоде в Москве."),
        ("gb18030", "阿里巴巴集团的人工智能战略与云计算业务，以及新的商业模式。"),
        ("cp932", "これは日本語のテキストです。東京は日本の首都です。"),
        ("utf-16", "Hello there, this is UTF-16."),
        ("utf-32", "Hello there, this is UTF-32."),
        ("utf-8", "\ufeffline\r\nends stay\r"),
    ],
)
def test_encodings(encoding: str, text: str) -> None:
    assert decode(text.encode(encoding)) == text
    assert only(".txt", text.encode(encoding)) == Extract(text)


def test_a_long_file_in_another_encoding() -> None:
    text = "Ein Straßencafé in Zürich hat geöffnet. " * 10_000
    assert decode(text.encode("cp1252")) == text


def test_a_declared_encoding_is_believed() -> None:
    assert decode("Ж".encode("koi8_r"), "koi8-r") == "Ж"
    assert decode("café".encode("cp1252"), "latin-27") == "café"
    assert decode(b"one bad byte \xff", "utf-8") == "one bad byte \ufffd"


@pytest.mark.parametrize(
    ("label", "meant", "text"),
    [
        ("iso-8859-1", "cp1252", "It’s “final” – €500"),
        ("us-ascii", "cp1252", "It’s “final” – €500"),
        ("iso-8859-9", "cp1254", "“Işık” – €500"),
        ("gb2312", "gb18030", "朱镕基"),
        ("shift_jis", "cp932", "①髙橋"),
        ("euc-kr", "cp949", "똠방각하"),
        ("utf-16", "cp1252", "The café in Zürich sells 300 “Würste” a day."),
    ],
)
def test_a_label_means_what_it_means_to_browsers(label: str, meant: str, text: str) -> None:
    assert decode(text.encode(meant), label) == text


def test_damaged_utf8_is_not_taken_for_another_encoding() -> None:
    data = "Café Zürich".encode() + b"\xff here."
    assert decode(data) == "Café Zürich\ufffd here."


def test_html_gives_what_a_reader_sees() -> None:
    pytest.importorskip("trafilatura", exc_type=ImportError)
    found = only(".html", HTML.encode())
    assert found.text == (
        "The bridges of Oulu\n\n"
        "Oulu has 31 bridges over its river, and the oldest of them was built in 1869.\n\n"
        "Engineer Ada Lind repaired seven of them in the summer of 2024, café included."
    )
    assert (found.title, found.date) == ("The bridges of Oulu", "2025-02-12")
    assert found.url == "https://example.org/bridges"
    declared = HTML.replace("utf-8", "windows-1252").encode("cp1252")
    assert only(".htm", declared) == found


def test_html_without_an_article() -> None:
    pytest.importorskip("trafilatura", exc_type=ImportError)
    assert only(".html", b"<h1>Notes</h1><p>Buy milk today.</p>").text.endswith("Buy milk today.")
    assert only(".html", b"<p>Buy milk today.</p>").text == "Buy milk today."
    assert "no text found" in reason(".html", b"<html><body></body></html>")
    assert "no text found" in reason(".html", b"<p hidden>Nobody sees this text of a page.</p>")


NOTES = (
    "<h1>Notes of May</h1><p>Intro is here.</p><ul><li>First item</li><li>Second item</li></ul>"
    "<p>End of it.</p>"
)


@pytest.mark.parametrize("form", ["{}", "<body>{}", "<html><body class='a'>{}</body></html>"])
def test_a_bare_page_keeps_its_headings_and_lists(form: str) -> None:
    pytest.importorskip("trafilatura", exc_type=ImportError)
    assert only(".html", form.format(NOTES).encode()).text == (
        "Notes of May\n\nIntro is here.\n\n- First item\n\n- Second item\n\nEnd of it."
    )


def test_raised_numbers_stand_apart() -> None:
    pytest.importorskip("trafilatura", exc_type=ImportError)
    page = (
        "<body><p>In 2020<sup>3</sup> the plant made 10<sup>6</sup> units.</p>"
        '<p>In 2021<sup class="n"><a href="#4">4</a></sup> it lost 10<SUP>−6</SUP> of them.</p>'
        "<p>It was the 3<sup>rd</sup> in 2022<sup>[5]</sup>, on 9 m<sup>2</sup>.</p>"
    )
    assert only(".html", page.encode()).text == (
        "In 2020^3 the plant made 10^6 units.\n\nIn 2021^4 it lost 10^−6 of them.\n\n"
        "It was the 3rd in 2022[5], on 9 m2."
    )


def test_pages_of_a_pdf() -> None:
    data = pdf(
        ["The first page.\nIt has two lines.", "", "A café (of Oulu) has 30 seats."],
        "/Title (The cafes of Oulu) /CreationDate (D:20240131120000Z)",
        compress=True,
    )
    found = only(".pdf", data)
    assert found.text == "The first page.\nIt has two lines.\n\nA café (of Oulu) has 30 seats."
    assert found.pages == (0, 34, 35)
    assert found.text[found.pages[2] :].startswith("A café")
    assert (found.title, found.date) == ("The cafes of Oulu", "2024-01-31")


def test_properties_of_a_pdf_are_believed_only_so_far() -> None:
    text = "Minutes of the board\nFebruary 12, 2025\nThe board met."
    found = only(".pdf", pdf([text], "/Title (Microsoft Word - m.doc) /CreationDate (D:1999)"))
    assert (found.title, found.date) == ("", "2025-02-12")
    assert only(".pdf", pdf(["Plain."], "/CreationDate (yesterday)")).date == ""


def test_a_pdf_keeps_what_can_be_read_of_it() -> None:
    data = pdf(["The first page.", "It is lost.", "The third page."], compress=True)
    first, second, third, fourth = data.split(b"/FlateDecode")
    found = read(".pdf", b"/FlateDecode".join([first, second + b"/FlateDec0de" + third, fourth]))
    assert found.extracts == (Extract("The first page.\n\nThe third page.", pages=(0, 16, 17)),)
    assert found.left_out == (
        "1 of 3 pages, the first of them page 2: cannot be read: open the file and save it anew"
    )
    none = data.replace(b"/FlateDecode", b"/FlateDec0de")
    assert reason(".pdf", none).startswith("3 of 3 pages, the first of them page 1: cannot be read")
    about = pdf(["One page."], "/Title 2").replace(b"<< /Title 2 >>", b"[ /Title 2 ]  ")
    assert only(".pdf", about) == Extract("One page.", pages=(0,))


def test_a_pdf_with_a_password_and_one_without_text() -> None:
    for password, expected in (("secret", "needs a password"), ("", None)):
        writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf(["Some text here."]))))
        writer.encrypt(password, "owner", algorithm="AES-256")
        out = io.BytesIO()
        writer.write(out)
        if expected:
            assert reason(".pdf", out.getvalue()).startswith(expected)
        else:
            assert only(".pdf", out.getvalue()).text == "Some text here."
    assert "perhaps scanned" in reason(".pdf", pdf(["", ""]))


def test_paragraphs_and_tables_of_a_docx() -> None:
    data = word("The staff of Kivi", "It grew fast.", table=[["Year", "Staff"], ["2020", "300"]])
    found = only(".docx", data)
    assert found.text == (
        "The staff of Kivi\n\nIt grew fast.\n\n| Year | Staff |\n\n|---|---|\n\n| 2020 | 300 |"
    )
    assert found.date == ""  # that of python-docx's template is none


def test_values_of_a_docx_stay_under_their_headings() -> None:
    rows = [["Name", "Budget", "Actual"], ["Ops", "", "5"], ["", "", ""], ["IT", "7", ""]]
    made = docx.Document(io.BytesIO(word("Units.", table=rows)))
    name = made.tables[0].cell(0, 0)
    name.text = "Name"
    name.add_paragraph("of unit")
    assert only(".docx", saved(made)).text == (
        "Units.\n\n| Name of unit | Budget | Actual |\n\n|---|---|---|"
        "\n\n| Ops |  | 5 |\n\n| IT | 7 |  |"
    )


def test_properties_and_hidden_text_of_a_docx() -> None:
    made = docx.Document()
    made.core_properties.title = "The plan"
    made.core_properties.modified = datetime(2024, 5, 6, 7)
    paragraph = made.add_paragraph("Seen. ")
    paragraph.add_run("SECRET").font.hidden = True
    shown = paragraph.add_run("Shown, too. ")
    shown.font.hidden = True
    shown._r.rPr.find(qn("w:vanish")).set(qn("w:val"), "0")
    for change in ("w:del", "w:moveFrom"):
        gone, run = OxmlElement(change), made.add_paragraph().add_run("SECRET too")
        run._r.addprevious(gone)
        gone.append(run._r)
    paragraph.add_run("Also seen.")
    assert only(".docx", saved(made)) == Extract(
        "Seen. Shown, too. Also seen.", "The plan", "2024-05-06"
    )


def test_a_zip_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = io.BytesIO(word("Boom."))
    with zipfile.ZipFile(bomb, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/media/zeros", bytes(docx_file.MAX_UNPACKED_BYTES))
    monkeypatch.setattr(docx, "Document", lambda _: pytest.fail("it was opened"))
    assert len(bomb.getvalue()) < 2**20
    assert "unpacks to 269," in reason(".docx", bomb.getvalue())


def test_rows() -> None:
    expected = (
        Extract("Green tea takes 80 degrees.", "Tea", "2025-02-12", "http://t", row=1),
        Extract("Black tea takes boiling water, she said.\nAlways.", row=2),
    )
    lines = "\n".join(json.dumps(row) for row in ROWS)
    table = "Title;TEXT;Date;Url\nTea;Green tea takes 80 degrees.;12 February 2025;http://t\n"
    table += ';"Black tea takes boiling water, she said.\nAlways.";;\n'
    assert read(".jsonl", lines.encode()) == Reading(expected)
    assert read(".json", json.dumps(ROWS).encode()) == Reading(expected)
    assert read(".json", json.dumps(ROWS[0]).encode()) == Reading(expected[:1])
    assert read(".csv", b"\xef\xbb\xbf" + table.encode()) == Reading(expected)
    assert read(".csv", table.replace(";", "\t").encode()) == Reading(expected)


def test_tables_with_other_line_ends() -> None:
    found = read(".csv", b'"title",text\rx,"a\rb"\ry,c')
    assert [extract.text for extract in found.extracts] == ["a\rb", "c"]


def test_a_blank_line_of_a_csv_is_no_row() -> None:
    found = read(".csv", b"\ntitle,text\n\na,b\n\n\nc,d\n")
    assert found == Reading((Extract("b", "a", row=1), Extract("d", "c", row=2)))


def test_a_row_of_more_values_than_columns_is_left_out() -> None:
    head, good, bad = b"title,text\n", b"Tea,Hot.,,\n", b"Board,Ann chairs it, since 2020.\n"
    found = read(".csv", head + good + bad)
    assert found.extracts == (Extract("Hot.", "Tea", row=1),)
    assert found.left_out == (
        "1 of 2 rows, the first of them row 2: each row is to hold a text under the name 'text', "
        "and delimiters within a text are to stand in quotes"
    )
    assert reason(".csv", head + bad).endswith("are to stand in quotes")


def test_rows_that_are_none_are_counted() -> None:
    found = read(".jsonl", b'{"text": "One."}\n\nno json\n{"title": "no text"}\n[]\n{"text": 3}')
    assert [extract.text for extract in found.extracts] == ["One."]
    assert found.left_out.startswith("4 of 5 rows, the first of them row 2: each row is to hold")


@pytest.mark.parametrize(
    ("suffix", "data", "expected"),
    [
        (".pdf", b"\x89PNG\r\n\x1a\n" + bytes(99), "broken, or no .pdf"),
        (".pdf", b"", "broken, or no .pdf"),
        (".docx", b"<html>no zip</html>", "not a DOCX file"),
        (".docx", b"PK\x05\x06" + bytes(18), "broken, or no .docx"),
        (".txt", b"\x89PNG\r\n\x1a\n" + bytes(99), "binary, not text"),
        (".txt", bytes(range(128, 256)) * 3, "its encoding cannot be told"),
        (".csv", b"a,b\n1,2\n", "no column 'text'"),
        (".csv", b"text\n", "no row with a text"),
        (".json", b"{", "no JSON"),
        (".json", b"[" * 100_000, "no JSON"),
        (".json", b'{"name": "package"}', "no row with a text"),
        (".jsonl", b"[" * 100_000, "no row with a text"),
    ],
)
def test_what_is_broken_says_so(suffix: str, data: bytes, expected: str) -> None:
    assert expected in reason(suffix, data)


@pytest.mark.parametrize(
    ("suffix", "library", "extra"),
    [(".html", "trafilatura", "html"), (".pdf", "pypdf", "pdf"), (".docx", "docx", "docx")],
)
def test_a_missing_library_names_its_extra(monkeypatch, suffix, library, extra) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    assert reason(suffix, b"") == f"needs pip install '.[{extra}]' (there is no {library})"


def test_html_that_is_called_text_is_text() -> None:
    assert only(".txt", HTML.encode()).text == HTML


VALID = {
    ".txt": "café".encode("cp1252"),
    ".md": b"---\ntitle: x\n---\nText.",
    ".html": HTML.encode(),
    ".htm": HTML.encode(),
    ".pdf": pdf(["One page of text.", "Two."], "/Title (A title) /CreationDate (D:2024)"),
    ".docx": word("A paragraph.", table=[["a", "b"]]),
    ".csv": b"title,text\na,b\n",
    ".jsonl": json.dumps(ROWS[0]).encode(),
    ".json": json.dumps(ROWS).encode(),
}


@st.composite
def mutated(draw: st.DrawFn, data: bytes) -> bytes:
    """A valid file with a few pieces overwritten, cut out or said twice."""
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.integers(0, 40)))
        piece = draw(st.sampled_from([b"", data[start:end] * 2]) | st.binary(max_size=40))
        data = data[:start] + piece + data[end:]
    return data


@st.composite
def repacked(draw: st.DrawFn, data: bytes) -> bytes:
    """A DOCX whose parts are mutated; the archive itself is whole."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        names = old.namelist()
        chosen = draw(st.sampled_from(names))
        for name in names:
            part = old.read(name)
            new.writestr(name, draw(mutated(part)) if name == chosen else part)
    return out.getvalue()


def test_every_format_is_fuzzed() -> None:
    assert VALID.keys() == FORMATS.keys()


@pytest.mark.parametrize("suffix", VALID)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_whatever_the_bytes_are_there_is_a_text_or_a_reason(suffix, data) -> None:
    kinds = [st.binary(max_size=2000), mutated(VALID[suffix])]
    if suffix == ".docx":
        kinds.append(repacked(VALID[suffix]))
    content = data.draw(st.one_of(kinds))
    try:
        extracts = read(suffix, content).extracts
    except Unreadable as error:
        # Only a library may fail in ways that we have not thought of.
        assert FORMATS[suffix].extra or not str(error).startswith("broken")  # noqa: PT017
        return
    for extract in extracts:
        assert list(extract.pages) == sorted(extract.pages)
        assert not extract.pages or extract.pages[-1] <= len(extract.text)
