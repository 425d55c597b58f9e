"""Which of a question's two vectors finds chunks, and which chooses sentences."""

import numpy as np
from conftest import BagOfWordsEmbedder

from rag.config import Config
from rag.documents import load_corpus
from rag.index import open_or_build
from rag.retriever import Retriever, towards
from rag.types import QueryVectors


class TwoMinds(BagOfWordsEmbedder):
    """Finds chunks about one thing and chooses sentences about another."""

    def encode_query(self, question):
        return QueryVectors(*self.encode(["honey bees", "heather"]))


def test_chunks_by_one_vector_and_sentences_by_the_other(tmp_path) -> None:
    (tmp_path / "bees.txt").write_text("Honey bees live here always. Heather feeds them all day.")
    (tmp_path / "hens.txt").write_text("Hens live over there today. Barley feeds them all day.")
    embedder = TwoMinds()
    index = open_or_build(tmp_path / "index", load_corpus(tmp_path), embedder, Config())
    hits, evidence = Retriever(index, embedder).find("Zzz?", 2)
    assert [hit.chunk.doc for hit in hits] == ["bees.txt", "hens.txt"]
    assert evidence[0].text == "Heather feeds them all day."
    assert evidence[0].cosine > evidence[1].cosine


def test_a_chunk_with_a_sentence_that_is_near_moves_up(tmp_path) -> None:
    (tmp_path / "a.txt").write_text("Honey bees are bees of honey. Clover feeds them all day.")
    (tmp_path / "b.txt").write_text("Many honey bees live here. Heather heather heather heather.")
    (tmp_path / "c.txt").write_text("Barley feeds hens on the heath. They like heather here.")
    embedder = TwoMinds()
    index = open_or_build(tmp_path / "index", load_corpus(tmp_path), embedder, Config())
    retriever = Retriever(index, embedder)
    vectors = retriever.embed("honey bees")
    found = [hit.chunk.doc for hit in index.search("honey bees", vectors.passage, 3)]
    assert found == ["a.txt", "b.txt", "c.txt"]
    moved = retriever.search("honey bees", vectors, 3)
    assert [hit.chunk.doc for hit in moved] == ["b.txt", "a.txt", "c.txt"]
    assert [hit.chunk.doc for hit in retriever.search("honey bees", vectors, 1)] == ["b.txt"]
    assert moved[0].score > moved[1].score


def test_a_sentence_is_scored_with_the_one_before() -> None:
    one, other = np.eye(2, dtype=np.float32)
    first, second = towards(np.stack([one, other])) @ other
    assert first == 0
    assert second == np.float32(0.7 + 0.6 * np.sqrt(0.5))
