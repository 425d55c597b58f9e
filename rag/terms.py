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

_TOKEN = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+|[\U0001F300-\U0001FAFF]")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]")
_stem = Stemmer.Stemmer("english").stemWord


def tokens(text: str) -> list[str]:
    """Lower-cased words and numbers of ``text``, accents and compatibility forms folded."""
    if text.isascii():  # as most sentences are: nothing to fold, and spaces between words
        return [token.replace(",", "") for token in _TOKEN.findall(text.casefold())]
    decomposed = unicodedata.normalize("NFKD", text)
    text = "".join(c for c in decomposed if not unicodedata.combining(c))
    found: list[str] = []
    for token in _TOKEN.findall(text.casefold()):
        if _CJK.search(token):  # no spaces between words: overlapping pairs of characters
            found.extend(token[i : i + 2] for i in range(max(1, len(token) - 1)))
        else:
            found.append(token.replace(",", ""))
    return found


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
