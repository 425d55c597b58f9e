"""An index on Milvus answers as one in a folder does, and says what is wrong where it cannot.

Milvus is milvus-lite, with real files; servers that are down, slow or closed are real, too.
"""

import json
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from unicodedata import normalize

import numpy as np
import pytest
from conftest import ROOT, SEEDS, BagOfWordsEmbedder
from hypothesis import given
from hypothesis import strategies as st

import rag.embedder
import rag.models
from rag import ask, build, indexes, milvus_client
from rag.adapters import described
from rag.chat import Chat
from rag.config import Config
from rag.documents import load_corpus
from rag.errors import CorruptIndexError, RagError, ReplacedError, ServerError, UsageError
from rag.fill import fill
from rag.filters import Filter
from rag.index import open_or_build
from rag.ingest import embed_files
from rag.library import Library
from rag.line import Line
from rag.milvus_address import TOKEN, MilvusAddress
from rag.milvus_index import MilvusIndex
from rag.milvus_indexes import verify
from rag.milvus_open import inspect, open_milvus, open_or_create, remove
from rag.milvus_rows import version_of, words
from rag.page import Turn
from rag.pipeline import Pipeline
from rag.places import InMilvus
from rag.retriever import Retriever
from rag.service import Service
from rag.terms import terms

pytest.importorskip("pymilvus")
standard = pytest.importorskip("milvus_lite.analyzer.standard")

QUESTIONS = [
    json.loads(line)["question"]
    for path in sorted((ROOT / "eval/questions").glob("*.jsonl"))
    for line in path.read_text().splitlines()
]


def address(folder: Path, name: str = "docs") -> MilvusAddress:
    return MilvusAddress.parse(f"milvus:{folder}/test.db#{name}")


def filled(place, corpus, embedder=None):
    """An index on Milvus that holds the files of a folder."""
    embedder = embedder or BagOfWordsEmbedder()
    index = open_or_create(place, embedder, Config())
    fill(index, load_corpus(corpus), embedder, Config().chunk_chars)
    index.settle()
    return index


def in_folder(folder, corpus, embedder=None):
    return open_or_build(folder, load_corpus(corpus), embedder or BagOfWordsEmbedder(), Config())


def told(index, question, embedder=None):
    """What an answer says and shows, without the seconds that it took."""
    answer = Pipeline(index, embedder or BagOfWordsEmbedder(), None, Config()).ask(question)
    passages = [(p.doc, p.start, p.end, p.text, p.score) for p in answer.passages]
    return answer.answer, answer.citations, passages


@pytest.fixture(scope="module")
def articles(tmp_path_factory):
    """The five articles, on Milvus and in a folder."""
    folder = tmp_path_factory.mktemp("articles")
    with closing(filled(address(folder), SEEDS)) as on_milvus:
        yield on_milvus, in_folder(folder / "index", SEEDS)


# --- the same as in a folder ------------------------------------------------------------------


def test_documents_and_chunks_are_those_of_a_folder(articles) -> None:
    on_milvus, folder = articles
    assert dict(on_milvus.documents) == folder.documents
    assert len(on_milvus.documents) == len(folder.documents)
    assert on_milvus.chunk_count == folder.chunk_count
    assert on_milvus.files() == folder.recipe.files
    with pytest.raises(KeyError):
        on_milvus.documents["none.txt"]


@pytest.mark.parametrize("question", QUESTIONS[::4])
def test_the_same_question_gets_the_same_citations(articles, question) -> None:
    on_milvus, folder = articles
    assert told(on_milvus, question) == told(folder, question)


def test_sentences_have_the_same_vectors(articles) -> None:
    on_milvus, folder = articles
    vector = BagOfWordsEmbedder().encode(["Xianyu"])[0]
    for one, other in zip(
        on_milvus.search("Xianyu", vector, 9), folder.search("Xianyu", vector, 9), strict=True
    ):
        assert replace(one.chunk, id=0) == replace(other.chunk, id=0)
        assert np.array_equal(on_milvus.vectors_of(one.chunk), folder.vectors_of(other.chunk))


def test_vectors_are_ranked_alike_also_where_cosines_are_negative(articles) -> None:
    vector = np.random.default_rng(0).normal(size=256).astype(np.float32)
    vector /= np.linalg.norm(vector)
    there, here = (
        [(h.chunk.doc, h.chunk.start) for h in i.search("", vector, 50)] for i in articles
    )
    assert there == here
    assert len(there) == 50


def test_terms_have_the_same_idf(articles) -> None:
    on_milvus, folder = articles
    for term in {*terms("Alibaba 1.5 the president of Xianyu 阿里巴巴"), "nowhere"}:
        assert on_milvus.idf(term) == pytest.approx(folder.idf(term), abs=1e-4)


@pytest.mark.parametrize(
    "wanted",
    [
        Filter(since="2025-01-01"),
        Filter(until="2025-01-01"),
        Filter(source="00[34]_*"),
        Filter(source="no_folder/"),
        Filter(source="00?_[!e]*.txt", since="2024-01-01", until="2025-12-31"),
        Filter(source='no"such%_\\'),
    ],
)
def test_only_what_is_wanted_is_found(articles, wanted) -> None:
    on_milvus, folder = articles
    for question in QUESTIONS[:5]:
        assert told(on_milvus.only(wanted), question) == told(folder.only(wanted), question)
    if "[" not in wanted.source:  # for those, counts are too large
        assert on_milvus.coverage(wanted) == folder.coverage(wanted)


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_letters_of_a_path_may_be_written_in_two_ways(tmp_path, form) -> None:
    for name in (normalize("NFD", "café"), "cafeteria"):
        (tmp_path / "corpus" / name).mkdir(parents=True)
        (tmp_path / "corpus" / name / "menu.txt").write_text("The soup of the day is borscht.")
    wanted = Filter(source=normalize(form, "café"))
    with closing(filled(address(tmp_path), tmp_path / "corpus")) as index:
        found = index.only(wanted).search("soup", np.ones(256, np.float32) / 16, 5)
        assert [hit.chunk.doc for hit in found] == [normalize("NFD", "café/menu.txt")]
        assert index.coverage(wanted) == "documents searched: 1"


@pytest.mark.real
def test_the_same_with_real_vectors(tmp_path) -> None:
    from eval.suites import own_suite
    from rag.embedder import load_embedder
    from rag.models import EMBEDDER, resolve

    embedder = load_embedder(resolve(EMBEDDER))
    folder = in_folder(tmp_path / "index", SEEDS, embedder)
    suite = own_suite()
    questions = [q.question for q in suite.questions if suite.split[q.id] == "dev"]
    with closing(filled(address(tmp_path), SEEDS, embedder)) as on_milvus:
        for question in questions:
            assert told(on_milvus, question, embedder)[:2] == told(folder, question, embedder)[:2]


@given(st.text(max_size=200))
def test_a_tokenizer_of_words_finds_as_many_as_we_do(text) -> None:
    made = words(text)
    assert len(standard.StandardAnalyzer().tokenize(made)) == len(made.split()) == len(terms(text))


# --- following a folder -----------------------------------------------------------------------


def test_it_follows_its_folder(corpus_folder, tmp_path) -> None:
    place = address(tmp_path)
    filled(place, corpus_folder).close()
    (corpus_folder / "tea.txt").rename(corpus_folder / "chai.txt")
    (corpus_folder / "bees.txt").write_text("Bees are led by Queen Zenobia, since Beatrix died.")
    (corpus_folder / "ants.txt").write_text("Ants obey Queen Anthea, who lives below the oak.")
    embedder = BagOfWordsEmbedder()
    with closing(filled(place, corpus_folder, embedder)) as index:
        assert not any("Beatrix. The" in text for text in embedder.encoded)
        folder = in_folder(tmp_path / "index", corpus_folder)
        assert dict(index.documents) == folder.documents
        assert index.files() == folder.recipe.files
        # All cosines with words of their own are 0 but for rounding, so passages are not compared.
        for question in ("Which queen leads the bees?", "Who is Anthea?", "How hot is green tea?"):
            assert told(index, question)[:2] == told(folder, question)[:2]
        embedder.encoded.clear()
        fill(index, load_corpus(corpus_folder), embedder, Config().chunk_chars)
        assert not embedder.encoded


def test_what_is_put_twice_is_there_once_and_what_is_removed_is_gone(tmp_path) -> None:
    with closing(filled(address(tmp_path), SEEDS)) as index:
        count, documents = index.chunk_count, dict(index.documents)
        made = embed_files(read_files(SEEDS), BagOfWordsEmbedder(), Config().chunk_chars)
        index.put(made)
        assert (index.chunk_count, dict(index.documents)) == (count, documents)
        index.remove(path for path in index.files() if not path.startswith("003"))
        assert list(index.documents) == list(index.files())
        assert {p[0] for p in told(index, "Who runs Xianyu?")[2]} == index.files().keys()
        index.remove(index.files())
        assert (index.chunk_count, index.files()) == (0, {})
        assert told(index, "Who runs Xianyu?")[1:] == ((), [])


@pytest.mark.parametrize("writes", range(4))
def test_a_put_that_fails_half_way_is_mended_by_the_next(
    corpus_folder, tmp_path, monkeypatch, writes
) -> None:
    place = address(tmp_path)
    with closing(filled(place, corpus_folder)) as index:
        (corpus_folder / "bees.txt").write_text("Bees are led by Queen Zenobia.")
        (corpus_folder / "ants.txt").write_text("Ants obey Queen Anthea.")
        with full_disk(monkeypatch, index, writes), pytest.raises(ServerError, match="no room"):
            fill(index, load_corpus(corpus_folder), BagOfWordsEmbedder(), Config().chunk_chars)
        assert index.files().get("ants.txt", "") == ""
    (corpus_folder / "ants.txt").unlink()  # what was put in part may be gone before the next run
    with closing(filled(place, corpus_folder)) as index:
        folder = in_folder(tmp_path / "index", corpus_folder)
        assert index.files() == folder.recipe.files
        assert dict(index.documents) == folder.documents
        question = "Which queen leads the bees?"
        assert told(index, question)[:2] == told(folder, question)[:2]


def test_words_are_counted_once_and_also_after_an_interruption(
    corpus_folder, tmp_path, monkeypatch
) -> None:
    place, embedder = InMilvus(address(tmp_path)), BagOfWordsEmbedder()
    counted = []

    def count(index) -> None:
        counted.append(index)
        if len(counted) == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(MilvusIndex, "_count_words_together", count)
    with pytest.raises(KeyboardInterrupt):
        place.build(load_corpus(corpus_folder), embedder)
    for _ in range(2):
        assert not place.build(load_corpus(corpus_folder), embedder).changes
        assert len(counted) == 2
    (corpus_folder / "bees.txt").unlink()
    assert place.build(load_corpus(corpus_folder), embedder).changes
    assert len(counted) == 3


def test_a_removal_that_fails_half_way_is_told(corpus_folder, tmp_path, monkeypatch) -> None:
    place = address(tmp_path)
    with closing(filled(place, corpus_folder)) as index:
        monkeypatch.setattr(index._client._client, "delete", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            index.remove(["bees.txt"])
        assert index.files()["bees.txt"] == ""
    with pytest.raises(CorruptIndexError, match=r"1 files are stored in part \(bees.txt\)"):
        verify(place)
    with closing(filled(place, corpus_folder)) as index:  # the file is there all the same
        assert dict(index.documents) == in_folder(tmp_path / "index", corpus_folder).documents
    verify(place)


@pytest.mark.parametrize(("step", "done"), [("upsert", 2), ("delete", 0)])
def test_a_file_that_is_being_replaced_is_never_cited_by_halves(
    corpus_folder, tmp_path, monkeypatch, step, done
) -> None:
    bees = corpus_folder / "bees.txt"
    before, after = bees.read_text(), "Queen Zenobia lays no eggs. " * 9
    with closing(filled(address(tmp_path), corpus_folder)) as index:
        bees.write_text(after)
        with full_disk(monkeypatch, index, done, step), pytest.raises(ServerError, match="no room"):
            fill(index, load_corpus(corpus_folder), BagOfWordsEmbedder(), Config().chunk_chars)
        for question in ("Which queen is called Beatrix?", "Is Queen Zenobia without eggs?"):
            _, citations, passages = told(index, question)
            shown = [(c.doc, c.start, c.end, c.quote) for c in citations]
            shown += [passage[:4] for passage in passages]
            of_bees = [place for doc, *place in shown if doc == "bees.txt"]
            assert any(
                all(end <= len(whole) and whole[start:end] == text for start, end, text in of_bees)
                for whole in (before, after)
            )
            assert of_bees or step == "upsert"  # the better one has no texts yet


def test_a_file_that_is_replaced_after_the_search_is_read_as_it_was_found(tmp_path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    bees, embedder = corpus / "bees.txt", BagOfWordsEmbedder()
    bees.write_text("Honey bees live here always. Heather feeds them all day.")
    with closing(filled(address(tmp_path), corpus)) as index:
        retriever = Retriever(index, embedder)
        vectors = retriever.embed("honey bees")
        hits = retriever.search("honey bees", vectors, 1)
        bees.write_text("In winter, honey bees stay at home. Nothing feeds them then.")
        fill(index, load_corpus(corpus), embedder, Config().chunk_chars)
        (newer,) = index.search("honey bees", vectors.passage, 1)  # as somebody else asks
        assert newer.chunk.text == index.documents["bees.txt"].text == bees.read_text()
        found = {e.text for e in retriever.evidence("honey bees", vectors, hits)}
        assert found == {"Honey bees live here always.", "Heather feeds them all day."}
        index.remove(["bees.txt"])
        index._documents._kept.clear()
        index._found._kept.clear()
        with pytest.raises(ReplacedError, match=r"^bees\.txt is being replaced; ask again$"):
            retriever.evidence("honey bees", vectors, hits)
        with pytest.raises(ReplacedError):
            index.vectors_of(hits[0].chunk)


def test_a_document_of_any_length_is_whole(tmp_path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    text = "".join(f"Sentence {n} tells of the 🐝 and the 蜜蜂 in Zürich. " for n in range(2500))
    (corpus / "long.txt").write_text(text + "The queen is called Beatrix.")
    assert len(text.encode()) > 2 * 65_535
    with closing(filled(address(tmp_path), corpus)) as index:
        assert dict(index.documents) == in_folder(tmp_path / "index", corpus).documents
        assert "Beatrix" in told(index, "What is the queen called?")[0]


def test_many_threads_may_ask(articles) -> None:
    index, folder = articles
    with ThreadPoolExecutor(4) as pool:
        asked = QUESTIONS[:12]
        assert list(pool.map(lambda q: told(index, q), asked)) == [told(folder, q) for q in asked]


# --- commands ---------------------------------------------------------------------------------


@pytest.fixture
def here(corpus_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a corpus, and an embedder that is a fake."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(rag.models, "resolve", lambda spec, choice=None: choice)
    monkeypatch.setattr("rag.pipeline.resolve", lambda spec, choice=None: choice)
    monkeypatch.setattr(rag.embedder, "load_embedder", lambda weights: BagOfWordsEmbedder())
    return tmp_path


def test_the_commands(here, capsys) -> None:
    index = "milvus:notes.db#notes"
    asked = ["--index", index, "--generator", "none", "--json", "What is the queen called?"]
    assert ask.main(asked) == 1
    assert (
        "make it with python -m rag.build FOLDER --index 'milvus:notes" in capsys.readouterr().err
    )
    assert build.main(["corpus", "--index", index, "--dry-run"]) == 0
    assert build.main(["corpus", "--index", index]) == 0
    assert build.main(["corpus", "--index", index]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[2] == f"{index} would be brought up to date"
    assert out[3].startswith(f"{index}: 2 documents, 2 chunks (added bees.txt, tea.txt; ")
    assert "(no file changed; " in out[4]
    release(here / "notes.db")
    for path in (here / "corpus").iterdir():
        path.unlink()  # to answer needs no file
    assert ask.main(asked) == 0
    (citation,) = json.loads(capsys.readouterr().out)["citations"]
    assert (citation["doc"], citation["quote"]) == ("bees.txt", "The queen is called Beatrix.")
    assert ask.main([*asked, "--corpus", "corpus"]) == 2
    assert "is asked without --corpus" in capsys.readouterr().err
    release(here / "notes.db")
    for command in ("info", "verify"):
        assert indexes.main([command, index]) == 0
        assert "2 documents, 2 chunks" in capsys.readouterr().out
    assert indexes.main(["remove", index, "--yes"]) == 0
    assert indexes.main(["info", index]) == 1


def test_the_page_and_the_adapters_show_it(articles, tmp_path) -> None:
    index, folder = articles
    name = "milvus:some.db#docs"
    pipeline = Pipeline(index, BagOfWordsEmbedder(), None, Config())
    service = Service(Library(pipeline, name, tmp_path / "indexes"), Line())
    page = Chat(service, tmp_path / "feedback.jsonl")
    assert page.names() == [name]
    _, empty, _, about = page.fresh(name)
    assert "Who is" in empty
    assert f"{folder.chunk_count}</td>" in about
    answer = pipeline.ask("Who is the president of Xianyu?")
    shown = page.source([Turn(answer.question, answer=answer, index=name)], 0, 1)
    assert "<mark" in shown
    there, here = (
        list(described(Pipeline(each, BagOfWordsEmbedder(), None, Config()), "Xianyu", 3))
        for each in articles
    )
    assert there == here


def release(file: Path) -> None:
    """What the end of a process does."""
    from milvus_lite.server_manager import server_manager_instance

    server_manager_instance.release_server(str(file))


# --- what can be wrong ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ("milvus:docs.db", "names no index on Milvus; expected milvus:FILE.db#NAME or milvus:http"),
        ("milvus:docs#docs", "names no index on Milvus"),
        ("milvus:ftp://host:19530#docs", "names no index on Milvus"),
        ("milvus:http://ann:secret@host:19530#docs", f"a token belongs in {TOKEN}"),
        ("milvus:docs.db#", "'' is no name of a collection"),
        (
            "milvus:docs.db#my docs",
            "'my docs' is no name of a collection; expected up to 200 ASCII",
        ),
        ("milvus:docs.db#1st", "is no name of a collection"),
        ("milvus:docs.db#bücher", "is no name of a collection"),
    ],
)
def test_addresses_that_are_none(choice, message) -> None:
    with pytest.raises(UsageError) as error:
        MilvusAddress.parse(choice)
    assert message in str(error.value)
    assert "secret" not in str(error.value)


def test_another_embedder_chunk_size_or_version_is_refused(corpus_folder, tmp_path, monkeypatch):
    place = address(tmp_path)
    filled(place, corpus_folder).close()
    for embedder, config, reason in (
        (BagOfWordsEmbedder("bow-2"), Config(), "embedder was bag of words"),
        (BagOfWordsEmbedder(), Config(chunk_chars=500), "chunks were 900 characters, are 500"),
    ):
        for opened in (open_milvus, open_or_create):
            with pytest.raises(UsageError) as error:
                opened(place, embedder, config)
            assert reason in str(error.value)
            assert f"python -m rag.index remove '{place}'" in str(error.value)
    monkeypatch.setattr("rag.milvus_open.LAYOUT", 99)
    with pytest.raises(UsageError, match="was made by another version"):
        open_milvus(place, BagOfWordsEmbedder(), Config())
    with pytest.raises(UsageError, match="another version"):
        inspect(place)
    remove(place)
    with pytest.raises(CorruptIndexError, match="there is no index"):
        remove(place)


def test_a_vector_of_another_length_is_refused(corpus_folder, tmp_path) -> None:
    with closing(filled(address(tmp_path), corpus_folder)) as index:
        (made, *_) = embed_files(read_files(corpus_folder), BagOfWordsEmbedder(), 900)
        with pytest.raises(ServerError, match="dim"):
            index.put([replace(made, vectors=made.vectors[:, :9])])


def test_a_collection_of_somebody_else_is_left_alone(corpus_folder, tmp_path) -> None:
    from pymilvus import MilvusClient

    theirs = MilvusClient(str(tmp_path / "test.db"))
    for name in ("docs", "others_parts"):
        theirs.create_collection(name, dimension=4)
    theirs.close()
    release(tmp_path / "test.db")
    for name in ("docs", "others"):
        for opened in (open_or_create, lambda place, *_: remove(place)):
            with pytest.raises(UsageError, match=r"is none of this program.* choose another NAME"):
                opened(address(tmp_path, name), BagOfWordsEmbedder(), Config())
    theirs = MilvusClient(str(tmp_path / "test.db"))
    assert sorted(theirs.list_collections()) == ["docs", "others_parts"]
    theirs.close()
    release(tmp_path / "test.db")


@pytest.mark.parametrize("made", range(2))
def test_a_creation_that_fails_half_way_is_mended(
    corpus_folder, tmp_path, monkeypatch, made
) -> None:
    place = address(tmp_path)
    with monkeypatch.context() as patch:
        name = ("write", "create_chunks")[made]
        patch.setattr(milvus_client.Milvus, name, lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            open_or_create(place, BagOfWordsEmbedder(), Config())
    with pytest.raises(CorruptIndexError):
        open_milvus(place, BagOfWordsEmbedder(), Config())
    with closing(filled(place, corpus_folder)) as index:
        assert len(index.documents) == 2


def test_a_file_serves_one_process_at_a_time(tmp_path) -> None:
    holder = (
        "import sys; from rag.milvus_client import Milvus; from rag.milvus_address import *; "
        f"Milvus(MilvusAddress.parse('{address(tmp_path)}')); print('ready', flush=True); "
        "sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", holder],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout.readline() == "ready\n"
        with pytest.raises(UsageError, match="is used by another process"):
            milvus_client.Milvus(address(tmp_path))
        process.stdin.close()
    milvus_client.Milvus(address(tmp_path)).close()


def test_two_indexes_of_one_file_are_closed_apart(corpus_folder, tmp_path) -> None:
    one, other = (filled(address(tmp_path, name), corpus_folder) for name in ("one", "other"))
    with pytest.raises(UsageError, match="was made otherwise"):
        open_milvus(address(tmp_path, "other"), BagOfWordsEmbedder("bow-2"), Config())
    one.close()
    one.close()
    assert len(other.files()) == 2
    other.close()
    assert_free(tmp_path)


def test_what_fails_to_open_lets_its_file_go(corpus_folder, tmp_path) -> None:
    place = address(tmp_path)
    filled(place, corpus_folder).close()
    for opened in (open_milvus, open_or_create):
        with pytest.raises(UsageError, match="was made otherwise"):
            opened(place, BagOfWordsEmbedder("bow-2"), Config())
        assert_free(tmp_path)
    with pytest.raises(CorruptIndexError, match="there is no index"):
        inspect(address(tmp_path, "none"))
    assert_free(tmp_path)
    remove(place)
    assert_free(tmp_path)


def assert_free(folder: Path) -> None:
    """Another process could open the file."""
    from milvus_lite.server_manager import server_manager_instance

    assert not [file for file in server_manager_instance._servers if file.startswith(str(folder))]


def test_a_file_that_is_not_there_is_not_made(tmp_path) -> None:
    place = address(tmp_path)
    opened = partial(open_milvus, place, BagOfWordsEmbedder(), Config())
    for asked in (opened, partial(inspect, place), partial(remove, place)):
        with pytest.raises(CorruptIndexError, match="there is no index"):
            asked()
    assert InMilvus(place).plan(load_corpus(SEEDS), BagOfWordsEmbedder()).changes.added
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_made(tmp_path) -> None:
    with pytest.raises(UsageError, match="there is no folder"):
        milvus_client.Milvus(address(tmp_path / "missing"))
    (tmp_path / "test.db").write_text("a file, not a folder")
    with pytest.raises(UsageError, match=r"cannot open .* make its folder writable"):
        milvus_client.Milvus(address(tmp_path))


@pytest.mark.parametrize("missing", ["pymilvus", "milvus_lite"])
def test_without_the_extra(monkeypatch, tmp_path, missing) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(UsageError, match=r"pip install '\.\[milvus\]'"):
        milvus_client.Milvus(address(tmp_path))


@pytest.fixture
def soon(monkeypatch):
    monkeypatch.setattr(milvus_client, "_CONNECT_SECONDS", 2)
    monkeypatch.setattr(milvus_client, "_SECONDS", 2)


def at(port: int) -> MilvusAddress:
    return MilvusAddress.parse(f"milvus:http://127.0.0.1:{port}#docs")


def test_a_server_that_is_down(soon) -> None:
    with pytest.raises(ServerError, match=r"no Milvus answers at .* start it"):
        milvus_client.Milvus(at(1))  # a port that nobody listens at


def test_a_server_that_says_nothing(soon) -> None:
    with (
        closing(socket.create_server(("127.0.0.1", 0))) as silent,
        pytest.raises(ServerError, match=r"no Milvus answers|did not answer within 2 s"),
    ):
        milvus_client.Milvus(at(silent.getsockname()[1]))


@contextmanager
def grpc_server(**calls):
    """A server of Milvus's protocol whose calls do as they are told."""
    import grpc
    from pymilvus.grpc_gen import milvus_pb2, milvus_pb2_grpc

    class Servicer(milvus_pb2_grpc.MilvusServiceServicer):
        def Connect(self, request, context):
            return milvus_pb2.ConnectResponse(identifier=1)

    for name, call in calls.items():
        setattr(Servicer, name, call)
    server = grpc.server(ThreadPoolExecutor(2))
    milvus_pb2_grpc.add_MilvusServiceServicer_to_server(Servicer(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield at(port)
    finally:
        server.stop(0)


def test_a_token_that_is_refused(soon, monkeypatch) -> None:
    import grpc

    def refuse(self, request, context):
        context.abort(grpc.StatusCode.UNAUTHENTICATED, "auth check failure, please check token")

    monkeypatch.setenv(TOKEN, "secret")
    with (
        grpc_server(Connect=refuse, DescribeCollection=refuse) as place,
        pytest.raises(UsageError, match=f"refuses the token; set {TOKEN}") as error,
    ):
        inspect(place)
    assert "secret" not in str(error.value)


def test_a_token_with_a_line_break_is_not_sent(monkeypatch) -> None:
    monkeypatch.setenv(TOKEN, "two\nlines")
    with pytest.raises(UsageError, match=f"{TOKEN} holds characters"):
        milvus_client.Milvus(at(1))


def test_a_server_that_is_slow(soon) -> None:
    import time

    def sleep(self, request, context):
        time.sleep(5)

    with (
        grpc_server(DescribeCollection=sleep) as place,
        pytest.raises(ServerError, match="did not answer within 2 s"),
    ):
        inspect(place)


@contextmanager
def full_disk(monkeypatch, index, done, step="upsert"):
    """After so many steps of that kind, the server says what Milvus does where its disk is full."""
    from pymilvus import MilvusException

    client = index._client._client
    real, left = getattr(client, step), [done]

    def stopped(*arguments, **options):
        if left[0] == 0:
            raise MilvusException(9, "quota exceeded[reason=disk quota exceeded, please allocate]")
        left[0] -= 1
        return real(*arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(client, step, stopped)
        yield


def read_files(folder):
    from rag.ingest import ReadFile

    corpus = load_corpus(folder)
    return [
        ReadFile(path, sha256, tuple(d for d in corpus.documents if d.file == path))
        for path, sha256 in corpus.fingerprints.items()
    ]


def test_versions_follow_the_bytes() -> None:
    one, *_ = read_files(SEEDS)
    assert version_of(one) != version_of(replace(one, sha256="0"))
    assert issubclass(ServerError, RagError)
