"""Small real files of each format, for the tests."""

import io
import zlib
from collections.abc import Sequence

import docx

HTML = """<!DOCTYPE html><html><head><meta charset="utf-8"><title>The bridges of Oulu</title>
<meta property="article:published_time" content="2025-02-12T10:00:00Z">
<link rel="canonical" href="https://example.org/bridges"></head>
<body><nav><a href="/">Home</a> <a href="/about">About us</a></nav><article>
<h1>The bridges of Oulu</h1>
<p>Oulu has 31 bridges over its river, and the oldest of them was built in 1869.</p>
<p hidden>SECRET one is hidden from all readers of this page.</p>
<p style="color: red; Display : NONE">SECRET two is hidden from all readers of this page.</p>
<div style="visibility:hidden"><p>SECRET three is hidden from all readers.</p></div>
<!-- <p>SECRET four is a comment that nobody sees.</p> -->
<script>document.write("SECRET five is a script of this page.")</script>
<template><p>SECRET six is a template of this page.</p></template>
<p>Engineer Ada Lind repaired seven of them in the summer of 2024, café included.</p>
</article></body></html>"""


def pdf(pages: Sequence[str], info: str = "", compress: bool = False) -> bytes:
    """A PDF by hand, each page of one or more lines in Latin-1."""
    kids = " ".join(f"{5 + 2 * i} 0 R" for i in range(len(pages)))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        f"<< {info} >>",
    ]
    bodies = [text.encode("latin-1") for text in objects]
    for i, page in enumerate(pages):
        bodies.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents %d 0 R "
            b"/Resources << /Font << /F1 3 0 R >> >> >>" % (6 + 2 * i)
        )
        lines = page.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)").split("\n")
        shown = " ".join(f"({line}) Tj T*" for line in lines)
        stream = f"BT /F1 12 Tf 14 TL 50 800 Td {shown} ET".encode("latin-1")
        stream, how = (
            (zlib.compress(stream), b"/Filter /FlateDecode") if compress else (stream, b"")
        )
        head = b"<< /Length %d %s >>\nstream\n" % (len(stream), how)
        bodies.append(head + stream + b"\nendstream")
    out, places = io.BytesIO(), []
    out.write(b"%PDF-1.4\n")
    for number, body in enumerate(bodies, start=1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    table = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(bodies) + 1))
    out.writelines(b"%010d 00000 n \n" % place for place in places)
    out.write(b"trailer\n<< /Size %d /Root 1 0 R /Info 4 0 R >>\n" % (len(bodies) + 1))
    out.write(b"startxref\n%d\n%%%%EOF\n" % table)
    return out.getvalue()


def word(*paragraphs: str, table: Sequence[Sequence[str]] = ()) -> bytes:
    """A DOCX by python-docx."""
    made = docx.Document()
    for paragraph in paragraphs:
        made.add_paragraph(paragraph)
    if table:
        grid = made.add_table(len(table), len(table[0]))
        for row, texts in zip(grid.rows, table, strict=True):
            for cell, text in zip(row.cells, texts, strict=True):
                cell.text = text
    return saved(made)


def saved(document: docx.document.Document) -> bytes:
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()
