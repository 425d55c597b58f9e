"""The package as a library: what it exports, and the README's examples."""

import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from chat_server import says, serving
from conftest import ROOT, BagOfWordsEmbedder, CopyingGenerator

import rag
import rag.embedder
import rag.generator
import rag.judge
import rag.language_models
import rag.pipeline
from rag import Answer, Config, Pipeline, RagError
from rag.weights import Weights

COPIER = Weights("copier", Path(), "c")

_BLOCK = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)


@pytest.fixture
def fake_models(monkeypatch) -> None:
    monkeypatch.setattr(rag.pipeline, "resolve", lambda spec, choice=None: choice)
    monkeypatch.setattr(rag.language_models, "resolve_generator", lambda choice: COPIER)
    monkeypatch.setattr(rag.embedder, "load_embedder", lambda weights: BagOfWordsEmbedder())
    monkeypatch.setattr(rag.generator, "load_generator", lambda weights: CopyingGenerator())
    monkeypatch.setattr(rag.judge, "find_judge", lambda generator: lambda: None)


def in_a_process(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_importing_the_package_loads_nothing_heavy() -> None:
    heavy = "print([m for m in ('numpy', 'torch', 'faiss', 'httpx2') if m in sys.modules])"
    assert in_a_process(f"import sys, rag; dir(rag); {heavy}") == "[]"


def test_each_name_can_be_imported() -> None:
    imports = (
        f"from rag import {', '.join(rag.__all__)}; print(*sorted(set(dir()) & set({rag.__all__})))"
    )
    assert in_a_process(imports) == " ".join(sorted(rag.__all__))
    with pytest.raises(AttributeError, match="module 'rag' has no attribute 'nothing'"):
        _ = rag.nothing


def test_the_readme_in_python(fake_models, tmp_path, monkeypatch, capsys) -> None:
    blocks = _BLOCK.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    monkeypatch.chdir(tmp_path)
    Path("seeds").symlink_to(ROOT / "seeds")
    names: dict[str, object] = {}
    ran = 0
    for block in blocks:
        if "gradio_client" not in block:  # that one needs the page: tests/test_app.py
            exec(block, names)
            ran += 1
    assert ran == len(blocks) - 1 == 3
    assert names["answer"].citations
    assert len(names["passages"]) == len(names["documents"]) == len(names["nodes"]) == 4
    out = capsys.readouterr().out
    assert "the question is empty" in out
    assert "searching" in out


def test_a_folder_in_three_lines(fake_models, corpus_folder, tmp_path, monkeypatch, caplog) -> None:
    monkeypatch.chdir(tmp_path)
    (corpus_folder / "broken.txt").write_bytes(b"a\x00b")
    made = Pipeline.from_folder("corpus")
    assert made.ask("How many eggs does the queen lay?").citations[0].doc == "bees.txt"
    assert (tmp_path / "indexes/corpus/manifest.json").is_file()  # where the commands look, too
    assert "skipped broken.txt: " in caplog.text
    other = Pipeline.from_folder(corpus_folder, tmp_path / "mine", Config(top_k=1), "none")
    assert (tmp_path / "mine/manifest.json").is_file()
    assert len(other.retrieve("tea or eggs")) == 1
    assert len(other.retrieve("tea or eggs", k=2)) == 2
    for k in (0, -1, 51):
        with pytest.raises(RagError, match=f"top-k is {k}, expected 1 to 50"):
            other.retrieve("tea or eggs", k=k)
    with pytest.raises(RagError, match="no corpus folder"):
        Pipeline.from_folder(tmp_path / "nowhere")


def test_many_questions_wait_for_a_server_together(fake_models, corpus_folder, tmp_path) -> None:
    together = threading.Barrier(3)  # breaks unless three requests come at a time

    def answer(handler) -> None:
        together.wait(10)
        says("The queen lays up to 2,000 eggs a day in summer.")(handler)

    questions = ["How many eggs does the queen lay" + "?" * count for count in range(6)]
    with serving(says("Yes."), answer) as server:
        config = Config(quote_words=0)
        made = Pipeline.from_folder(corpus_folder, tmp_path / "index", config, server.choice)
        found = list(made.ask_many(iter(questions), concurrency=3))
        assert [answer.question for answer in found] == questions
    assert all(isinstance(answer, Answer) and "2,000 eggs" in answer.answer for answer in found)
    assert len(server.requests) == 1 + len(questions)


def test_a_question_that_is_none_among_many(fake_models, corpus_folder, tmp_path) -> None:
    made = Pipeline.from_folder(corpus_folder, tmp_path / "index", generator="none")
    found = made.ask_many(["How hot is tea?", " ", "How hot is tea?"])
    assert next(found).question == "How hot is tea?"
    with pytest.raises(RagError, match="is empty"):
        next(found)
    with pytest.raises(RagError, match="concurrency is 0"):
        made.ask_many([], concurrency=0)


def test_what_writes_is_loaded_when_it_first_writes(
    fake_models, corpus_folder, tmp_path, monkeypatch
) -> None:
    loaded = []
    monkeypatch.setattr(
        rag.generator,
        "load_generator",
        lambda weights: loaded.append(weights) or CopyingGenerator(),
    )

    def ask(**options):
        made = Pipeline.from_folder(corpus_folder, tmp_path / "index", **options)
        return made, made.ask("How many eggs does the queen lay?")

    _, quoted = ask(lazy=True)
    assert not loaded
    assert quoted.models.generator == "copier"
    drafting, drafted = ask(lazy=True, config=Config(quote_words=0))
    assert loaded == [COPIER]
    assert "2,000" in drafted.answer
    drafting.ask("How many eggs does the queen lay?")
    assert loaded == [COPIER]
    ask()
    assert loaded == [COPIER] * 2
