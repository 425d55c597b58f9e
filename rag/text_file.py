"""Bytes → text, exactly as it stands, in UTF-8 or in another encoding that can be told."""

from __future__ import annotations

import codecs

from charset_normalizer import from_bytes

from rag.extract import Extract, Reading, Unreadable

_BINARY = "binary, not text: convert it to one of the other formats"
_BYTE_ORDER_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",  # before that of UTF-16, which begins alike
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
# What files are still found in, most likely first. Short texts fit many encodings: with all that
# Python knows, "café" of Windows is taken for the Baltic of DOS.
_OTHERS = (
    "cp1252 cp1250 cp1251 cp1253 cp1254 cp1255 cp1256 koi8_r gb18030 big5 cp932 euc_jp cp949"
).split()
# What browsers mean by a label, by Python's name for it, where Python means less; "" for none.
_MEANT = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "utf-16": "",  # its label was read as ASCII; a mark tells it all the same
    "utf-16-le": "",
    "utf-16-be": "",
}
_SAMPLE_BYTES = 2**18  # from which the encoding is told


def read(data: bytes) -> Reading:
    """The whole file as one text."""
    return Reading((Extract(decode(data)),))


def decode(data: bytes, declared: str = "") -> str:
    """The text, line ends and all. ``declared`` is tried where the bytes are not UTF-8.

    Damaged characters become U+FFFD. Raises Unreadable for what is no text.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = _damaged_utf8(data) or _declared(data, declared) or _other(data)
    if "\x00" in text:
        raise Unreadable(_BINARY)
    return text


def _damaged_utf8(data: bytes) -> str:
    """Where more characters beyond ASCII are whole than are not, or ""."""
    text = data.decode("utf-8", errors="replace")
    beyond_ascii = len(text) - len(text.encode("ascii", errors="ignore"))
    return text if beyond_ascii > 2 * text.count("\ufffd") else ""


def _declared(data: bytes, label: str) -> str:
    """By what browsers mean by the label (Encoding Standard, encoding.spec.whatwg.org); "" where it
    names no encoding."""
    try:
        name = codecs.lookup(label).name
        encoding = _MEANT.get(name, name)
        return data.decode(encoding, errors="replace") if encoding else ""
    except (LookupError, UnicodeError):  # no encoding of texts
        return ""


def _other(data: bytes) -> str:
    encoding = _told_by_mark(data) or _guessed(data)
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        raise Unreadable(f"not UTF-8, nor {encoding} throughout: convert it to UTF-8") from None


def _told_by_mark(data: bytes) -> str:
    return next((name for mark, name in _BYTE_ORDER_MARKS.items() if data.startswith(mark)), "")


def _guessed(data: bytes) -> str:
    if b"\x00" in data:
        raise Unreadable(_BINARY)
    found = from_bytes(_sample(data), cp_isolation=_OTHERS)
    if not found:
        raise Unreadable("not UTF-8, and its encoding cannot be told: convert it to UTF-8")
    best = min(found, key=lambda m: (m.chaos, -m.coherence, _OTHERS.index(m.encoding)))
    return best.encoding


def _sample(data: bytes) -> bytes:
    """The beginning, up to white space: a character cut in half would rule out its encoding."""
    sample = data[:_SAMPLE_BYTES]
    end = max(sample.rfind(b"\n"), sample.rfind(b" "))
    return sample[:end] if end > 0 and len(data) > len(sample) else sample
