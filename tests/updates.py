"""python tests/updates.py [FILES]: what refreshing an index costs after one file in 100 changed.

Embedding is counted, not done: the embedder is a fake whose time is taken out, and SECONDS_A_TEXT
for each text it was given are put in its place. All seconds are those of one processor.
"""

from __future__ import annotations

import logging
import random
import sys
import tempfile
import time
from pathlib import Path

from conftest import BagOfWordsEmbedder

from rag.config import Config
from rag.index import open_or_build
from rag.known_texts import read_corpus
from rag.types import Vectors

SECONDS_A_TEXT = 0.008  # MiniLM on two cores, sentences and chunks mixed
_WORDS = [a + b + c for a in "bdfgklmnprst" for b in "aeiou" for c in "lmnrst"]
_WORDS += [word + other for word in _WORDS[::9] for other in _WORDS[::3]]  # 5,160 in all


class CountedEmbedder(BagOfWordsEmbedder):
    """Measures its own time."""

    seconds = 0.0

    def encode(self, texts: list[str]) -> Vectors:
        started = time.process_time()
        vectors = super().encode(texts)
        self.seconds += time.process_time() - started
        return vectors


def write(path: Path, seed: int) -> None:
    """About 800 characters: a heading and eight sentences of made-up words."""
    chance = random.Random(seed)
    words = chance.choices(_WORDS, k=112)
    lines = [" ".join(words[i : i + 14]).capitalize() + "." for i in range(0, len(words), 14)]
    path.write_text(f"A note with the number {seed}\n\n" + " ".join(lines) + "\n")


def build(corpus: Path, folder: Path) -> tuple[float, int]:
    """Processor seconds without those of embedding, and texts embedded."""
    embedder = CountedEmbedder()
    started = time.process_time()
    open_or_build(folder, read_corpus(corpus, folder), embedder, Config())
    return time.process_time() - started - embedder.seconds, len(embedder.encoded)


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    logging.getLogger("rag").setLevel(logging.WARNING)
    with tempfile.TemporaryDirectory() as work:
        corpus, folder = Path(work, "corpus"), Path(work, "index")
        for number in range(count):
            path = corpus / f"{number % 100:02}" / f"{number}.txt"
            path.parent.mkdir(parents=True, exist_ok=True)
            write(path, number)
        whole, whole_texts = build(corpus, folder)
        for number in range(0, count, 100):
            write(corpus / "00" / f"{number}.txt", count + number)
        update, update_texts = build(corpus, folder)
    embedding = whole + whole_texts * SECONDS_A_TEXT
    refreshing = update + update_texts * SECONDS_A_TEXT
    print(f"{count:,} files: {whole:.1f} s and {whole_texts:,} texts to embed")
    print(f"1% changed: {update:.1f} s and {update_texts:,} texts to embed")
    print(f"at {SECONDS_A_TEXT * 1e3:.0f} ms a text: {embedding:.0f} s, then {refreshing:.1f} s,")
    print(f"{refreshing / embedding:.1%} of the whole; without embedding {update / whole:.0%}")


if __name__ == "__main__":
    main()
