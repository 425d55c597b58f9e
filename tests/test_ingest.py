import numpy as np
from conftest import SEEDS, BagOfWordsEmbedder
from hypothesis import given
from hypothesis import strategies as st

from rag.documents import load_corpus
from rag.ingest import ReadFile, embed_files
from rag.types import Document


def read_files(folder):
    corpus = load_corpus(folder)
    return [
        ReadFile(path, sha256, tuple(d for d in corpus.documents if d.file == path))
        for path, sha256 in corpus.fingerprints.items()
    ]


def test_files_together_get_the_vectors_they_get_alone() -> None:
    files = read_files(SEEDS)
    together = embed_files(files, BagOfWordsEmbedder(), 900)
    assert [made.file for made in together] == files
    for made in together:
        (alone,) = embed_files([made.file], BagOfWordsEmbedder(), 900)
        assert alone.chunks == made.chunks
        assert np.array_equal(alone.vectors, made.vectors)
        assert np.array_equal(alone.sentence_vectors, made.sentence_vectors)


@given(st.lists(st.lists(st.text(max_size=300), max_size=3), max_size=3))
def test_every_chunk_and_every_sentence_has_its_vector(texts) -> None:
    files = [
        ReadFile(f"{n}.csv", "0", tuple(a_document(f"{n}/{m}", t) for m, t in enumerate(rows)))
        for n, rows in enumerate(texts)
    ]
    embedder = BagOfWordsEmbedder()
    for file, made in zip(files, embed_files(files, embedder, 200), strict=True):
        assert made.file is file
        assert len(made.vectors) == len(made.chunks)
        assert len(made.sentence_vectors) == sum(len(c.sentences) for c in made.chunks)
        assert [c.id for c in made.chunks] == list(range(len(made.chunks)))
        for chunk, row in zip(made.chunks, made.vectors, strict=True):
            assert np.array_equal(row, embedder.encode([chunk.text])[0])


def a_document(name, text):
    return Document(id=name, file=name, title=name, text=text)
