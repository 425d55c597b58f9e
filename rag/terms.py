"""Text → index terms: the one notion of "the same word" that search and checks share."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

import Stemmer

# The SMART-derived list that Lucene calls the default English stop set, and question words,
# which say what kind of answer is wanted but never stand in it.
STOPWORDS = frozenset(
    "a an and are as at be but by for if in into is it no not of on or such that the their then "
    "there these they this to was will with were been has have had do does did can could would "
    "should its his her our your my we you he she i me us them from about over than so also "
    "what who whom whose which when where why how s t re ve ll d m".split()
)

# Vowels and the like of the scripts of India, from Devanagari to Sinhala: parts of words, though
# no letters by their category. Not of Thai and its neighbours: without spaces between words, whole
# sentences would be one word there.
_SIGNS = "".join(
    c for c in map(chr, range(0x0900, 0x0E00)) if unicodedata.category(c) in ("Mn", "Mc")
)
_TOKEN = re.compile(rf"\d+(?:[.,]\d+)*|[^\W\d_]+(?:[{_SIGNS}]+[^\W\d_]*)*+|[\U0001F300-\U0001FAFF]")
# These tell words apart, as accents seldom do: "पन" and "पान", and "パリ" and "バリ" (Paris, Bali).
_KEPT_MARKS = frozenset(_SIGNS + "\u3099\u309a")
_JOINER = "\u200d"  # shapes letters, as in the name of Sri Lanka, and divides no words
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]")
_stem = Stemmer.Stemmer("english").stemWord


def tokens(text: str) -> list[str]:
    """Lower-cased words and numbers of ``text``, accents and compatibility forms folded."""
    if text.isascii():  # as most sentences are: nothing to fold, and spaces between words
        return [token.replace(",", "") for token in _TOKEN.findall(text.casefold())]
    found: list[str] = []
    for token in _TOKEN.findall(_folded(text).casefold()):
        if _CJK.search(token):  # no spaces between words: overlapping pairs of characters
            found.extend(token[i : i + 2] for i in range(max(1, len(token) - 1)))
        else:
            found.append(token.replace(",", ""))
    return found


def _folded(text: str) -> str:
    """The text without accents; syllables of Hangul and voiced kana are one character again."""
    decomposed = unicodedata.normalize("NFKD", text.replace(_JOINER, ""))
    bare = "".join(c for c in decomposed if not unicodedata.combining(c) or c in _KEPT_MARKS)
    return unicodedata.normalize("NFC", bare)


def terms(text: str) -> list[str]:
    """Stemmed tokens (Snowball English) without stop words, in order, with repetitions."""
    return stems(tokens(text))


def stems(words: Iterable[str]) -> list[str]:
    """What ``terms`` makes of a text that has these tokens."""
    return [stem(word) for word in words if word not in STOPWORDS]


@lru_cache(maxsize=65536)
def stem(token: str) -> str:
    """The token without its English ending."""
    return str(_stem(token))
