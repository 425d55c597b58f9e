"""Whatever lies in an index folder, and whatever is asked: a result, or an error of ours.

``RAG_FUZZ=2000 pytest tests/test_fuzz.py`` tries as many inputs for each.
"""

import os
import shutil
from pathlib import Path

import pytest
from conftest import BagOfWordsEmbedder, CopyingGenerator
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rag.config import Config
from rag.documents import load_corpus
from rag.errors import CorruptIndexError, QuestionError
from rag.index import open_index, open_or_build
from rag.manifest import MANIFEST
from rag.pipeline import Pipeline

EXAMPLES = int(os.environ.get("RAG_FUZZ", "60"))
fuzzed = settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True
)
PIECES = st.binary(max_size=30) | st.sampled_from(
    [b'"', b"{}", b"null", b"-1", b"1e999", b"[]", b"\xff", b"..", b"/", b"data-", b'"format": 9']
)
WORDS = "who what when and ? [1] eggs queen the he it 50,000 <|im_end|> {x} \x00 \u202e 中 ﬁ"
ASKED = st.text(max_size=2_200) | st.lists(st.sampled_from(WORDS.split(" "))).map(" ".join)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A pipeline, and the folder of its index."""
    folder = tmp_path_factory.mktemp("fuzz")
    (folder / "docs").mkdir()
    (folder / "docs" / "bees.txt").write_text(
        "The life of bees\n\nHoney bees live in colonies of about 50,000 workers. "
        "The queen is called Beatrix. The queen lays up to 2,000 eggs a day in summer.\n"
    )
    embedder, config = BagOfWordsEmbedder(), Config(quote_words=0)
    index = open_or_build(folder / "index", load_corpus(folder / "docs"), embedder, config)
    return Pipeline(index, embedder, CopyingGenerator(), config), folder / "index"


@fuzzed
@given(data=st.data())
def test_an_index_is_whole_or_said_to_be_damaged(made, tmp_path_factory, data) -> None:
    pipeline, whole = made
    copy = tmp_path_factory.mktemp("copy") / "index"
    shutil.copytree(whole, copy)
    files = sorted(path.relative_to(copy) for path in copy.rglob("*") if path.is_file())
    # The manifest is what no hash protects.
    chosen = copy / data.draw(st.sampled_from(files) | st.just(Path(MANIFEST)))
    content = chosen.read_bytes()
    start = data.draw(st.integers(0, len(content)))
    end = min(len(content), start + data.draw(st.integers(0, 40)))
    chosen.write_bytes(content[:start] + data.draw(PIECES) + content[end:])
    try:
        opened = open_index(copy)
    except CorruptIndexError:
        return
    finally:
        shutil.rmtree(copy)
    assert opened.chunks == pipeline.index.chunks
    assert opened.documents == pipeline.index.documents


@fuzzed
@given(question=ASKED, history=st.lists(ASKED, max_size=3))
def test_a_question_is_answered_refused_or_said_to_be_none(made, question, history) -> None:
    pipeline, _ = made
    try:
        answer = pipeline.ask(question, history)
    except QuestionError:
        return
    assert answer.refused == (not answer.citations)
    for citation in answer.citations:
        text = pipeline.index.documents[citation.doc].text
        assert text[citation.start : citation.end] == citation.quote
        assert f"[{citation.marker}]" in answer.answer
    assert (answer.to_dict()["outcome"] == "refused") == answer.refused
