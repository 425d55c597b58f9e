"""The retrievers for other frameworks, with the real packages."""

import asyncio

import pytest
from conftest import BagOfWordsEmbedder
from langchain_core.runnables import RunnableLambda
from llama_index.core.llms import MockLLM
from llama_index.core.query_engine import RetrieverQueryEngine
from llama_index.core.response_synthesizers import get_response_synthesizer
from llama_index.core.schema import MetadataMode

from rag import langchain, llama_index
from rag.config import Config
from rag.documents import load_corpus
from rag.errors import QuestionError
from rag.index import open_or_build
from rag.pipeline import Pipeline

EGGS = "How many eggs does the queen lay?"


@pytest.fixture
def pipeline(corpus_folder, tmp_path):
    # No line is too long for a chunk, and no chunk holds both paragraphs.
    (corpus_folder / "long.txt").write_text("The queen of tea is 蜜 green – \r\n" * 40, newline="")
    (corpus_folder / "dated.txt").write_text("Hives\n2024-05-01\n\nThe queen of Spain has one.")
    embedder, config = BagOfWordsEmbedder(), Config(chunk_chars=200)
    index = open_or_build(tmp_path / "index", load_corpus(corpus_folder), embedder, config)
    return Pipeline(index, embedder, None, config)


def check(metadata, text, corpus_folder):
    source = (corpus_folder / metadata["doc"]).read_bytes().decode()
    assert source[metadata["start"] : metadata["end"]] == text
    assert {name: metadata[name] for name in ("date", "page", "url")} == {
        "date": "2024-05-01" if metadata["doc"] == "dated.txt" else "",
        "page": None,
        "url": "",
    }
    assert set(metadata) == {"doc", "title", "start", "end", "score", "date", "page", "url"}


def test_langchain(pipeline, corpus_folder) -> None:
    retriever = langchain.RagRetriever(pipeline=pipeline)
    found = retriever.invoke(EGGS)
    assert "2,000 eggs" in found[0].page_content
    assert found[0].metadata["title"] == "The life of bees"
    for document in found:
        check(document.metadata, document.page_content, corpus_folder)
    assert [p.text for p in pipeline.ask(EGGS).passages] == [d.page_content for d in found]
    scores = [document.metadata["score"] for document in found]
    assert scores == sorted(scores, reverse=True)
    assert len({document.id for document in found}) == len(found) > 2


def test_langchain_in_a_chain_and_awaited(pipeline) -> None:
    retriever = langchain.RagRetriever(pipeline=pipeline, k=2)
    chain = retriever | RunnableLambda(lambda documents: len(documents))
    assert chain.invoke(EGGS) == 2
    assert asyncio.run(retriever.ainvoke(EGGS)) == retriever.invoke(EGGS)


def test_llama_index(pipeline, corpus_folder) -> None:
    found = llama_index.RagRetriever(pipeline).retrieve(EGGS)
    assert "2,000 eggs" in found[0].text
    for hit in found:
        check(hit.metadata, hit.text, corpus_folder)
        assert hit.node.get_content(MetadataMode.NONE) == hit.text
        assert (hit.node.start_char_idx, hit.score) == (
            hit.metadata["start"],
            hit.metadata["score"],
        )
    assert [p.text for p in pipeline.ask(EGGS).passages] == [hit.text for hit in found]


def test_llama_index_in_a_query_engine_and_awaited(pipeline) -> None:
    retriever = llama_index.RagRetriever(pipeline, k=2)
    synthesizer = get_response_synthesizer(llm=MockLLM())
    response = RetrieverQueryEngine(retriever, synthesizer).query(EGGS)
    assert [n.text for n in response.source_nodes] == [n.text for n in retriever.retrieve(EGGS)]
    assert len(asyncio.run(retriever.aretrieve(EGGS))) == 2


@pytest.mark.parametrize("question", ["", "a\x00b"])
def test_what_is_no_question(pipeline, question) -> None:
    with pytest.raises(QuestionError):
        langchain.RagRetriever(pipeline=pipeline).invoke(question)
    with pytest.raises(QuestionError):
        llama_index.RagRetriever(pipeline).retrieve(question)
