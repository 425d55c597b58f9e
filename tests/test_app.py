"""The chat page in a real browser, on the real models where the name says so."""

import asyncio
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from conftest import ROOT, SEEDS, BagOfWordsEmbedder, CopyingGenerator
from playwright.sync_api import expect, sync_playwright

import app
from rag.config import Config
from rag.documents import load_corpus
from rag.index import open_or_build
from rag.page import Turn
from rag.pipeline import Pipeline
from rag.service import Query

# A browser on a busy machine misses an event once in a few hundred builds (seen once; 50 builds in
# a row showed nothing). A second try tells that from a fault of ours, which fails twice.
pytestmark = pytest.mark.flaky(reruns=1, only_rerun=["TimeoutError", "AssertionError: Locator"])

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
_PATIENCE_MS = 30_000
DRAGONS = "what are the Four Little Dragons?"
HOSTILE = "<img src=x onerror=\"document.title='owned'\"> ${document.title='owned'} {{x}} how many?"


class SlowGenerator(CopyingGenerator):
    """Takes its time, and fails where the question tells it to."""

    def generate(self, messages, max_new_tokens):
        time.sleep(3 if "slowly" in messages[-1]["content"] else 0.4)
        if "explode" in messages[-1]["content"]:
            raise RuntimeError("out of something")
        return super().generate(messages, max_new_tokens)


class SlowEmbedder(BagOfWordsEmbedder):
    """Does some of the sloths, and the others when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.sloths, self.go_on = 0, threading.Event()

    def encode(self, texts):
        self.sloths += any("loth" in text for text in texts)
        if self.sloths > 2:
            assert self.go_on.wait(60)
        return super().encode(texts)


SLOW_EMBEDDER = SlowEmbedder()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def slow_blocks(folder):
    """A page over fakes that needs about half a second a question."""
    (folder / "docs").mkdir()
    (folder / "docs" / "bees.txt").write_text(
        "The life of bees\n\nHoney bees live in colonies of about 50,000 workers. "
        "The queen is called Beatrix. The queen lays up to 2,000 eggs a day in summer.\n",
        encoding="utf-8",
    )
    (folder / "docs" / "hostile.txt").write_text(
        f"Notes on {HOSTILE[:-10]}\n\nThe hostile sentence of 77 words is {HOSTILE[:-10]}.\n",
        encoding="utf-8",
    )
    config, corpus = Config(quote_words=0), load_corpus(folder / "docs")
    index = open_or_build(folder / "indexes/docs", corpus, SLOW_EMBEDDER, config)
    pipeline = Pipeline(index, SLOW_EMBEDDER, SlowGenerator(), config)
    return app.build_app(pipeline, "docs", folder / "indexes")


@pytest.fixture(scope="module")
def slow_page(tmp_path_factory):
    """It is served, with its MCP server."""
    blocks = slow_blocks(tmp_path_factory.mktemp("slow"))
    yield app.launch(blocks, port=free_port(), mcp=True, block=False)
    blocks.close()


@pytest.fixture(scope="module")
def real_page(tmp_path_factory):
    """The page over the five articles and the packaged models, with its MCP server."""
    folder = tmp_path_factory.mktemp("real")
    pipeline = Pipeline.open(load_corpus(SEEDS), folder / "indexes/articles", Config())
    pipeline.ask(DRAGONS)  # so that no test times the first question
    blocks = app.build_app(pipeline, "articles", folder / "indexes")
    yield app.launch(blocks, port=free_port(), mcp=True, block=False)
    blocks.close()


@pytest.fixture(scope="module")
def browser():
    if CHROMIUM is None:
        if os.environ.get("CI"):
            pytest.fail("chromium is not installed; CI installs it")
        pytest.skip("chromium is not installed (apt-get install chromium)")
    expect.set_options(timeout=_PATIENCE_MS)
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        made = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield made
        made.close()


@pytest.fixture
def visit(browser):
    """Opens a page in a browser of its own; fails for what is loaded from elsewhere."""
    contexts, elsewhere = [], []

    def opened(address, **options):
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(_PATIENCE_MS)
        page.on("request", lambda r: elsewhere.append(r.url) if is_elsewhere(r.url) else None)
        page.goto(address)
        page.wait_for_selector("#conversation .empty")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert elsewhere == []


def is_elsewhere(url):
    return not re.match(r"(https?|wss?)://127\.0\.0\.1:|data:|blob:", url)


def ask(page, question):
    turns = page.locator("#conversation .turn").count()
    page.get_by_label("Question").fill(question)
    page.keyboard.press("Enter")
    page.locator("#conversation .turn").nth(turns).wait_for()
    return turns


def finished(page, turn):
    place = page.locator("#conversation .turn").nth(turn)
    place.locator(".foot, .error").first.wait_for()
    return place


def active_quote(page):
    return page.locator("#source mark.active").inner_text()


def wait_for_file(folder, pattern):
    for _ in range(50):
        if found := list(folder.glob(pattern)):
            break
        time.sleep(0.1)
    return found


def in_view(page, pane, selector):
    """Whether the last of those elements of a pane begins where it can be seen."""
    return page.evaluate(
        """([pane, selector]) => {
        const box = document.querySelector(pane).getBoundingClientRect();
        const all = document.querySelectorAll(pane + " " + selector);
        const top = all[all.length - 1].getBoundingClientRect().top;
        return top >= Math.max(0, box.top) - 1 && top < Math.min(innerHeight, box.bottom) }""",
        [pane, selector],
    )


# --- on fakes: what the page does ---------------------------------------------------------------


def test_a_question_shows_at_once_then_its_stages_then_the_answer(slow_page, visit) -> None:
    page = visit(slow_page)
    seen = []
    page.expose_function("seen", lambda text: seen.append(text))
    page.evaluate(
        """() => new MutationObserver(() => {
        const status = document.querySelector("#conversation .status");
        if (status) seen(status.textContent) }).observe(document.querySelector("#conversation"),
        {childList: true, subtree: true, characterData: true})"""
    )
    turn = ask(page, "How many workers live in a bee colony?")
    answer = finished(page, turn)
    assert "50,000 workers" in answer.inner_text()
    assert "Writing an answer" in seen
    assert page.get_by_role("button", name="Stop").is_disabled()


def test_keyboard_alone_reaches_the_quote(slow_page, visit) -> None:
    page = visit(slow_page)
    finished(page, ask(page, "How many workers live in a bee colony?"))
    page.locator("#conversation .marker").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_function("document.activeElement.matches('#source mark.active')")
    assert active_quote(page) == "Honey bees live in colonies of about 50,000 workers."


@pytest.mark.parametrize("size", [{"width": 1280, "height": 700}, {"width": 390, "height": 844}])
def test_the_newest_answer_is_in_view_unless_one_reads_elsewhere(slow_page, visit, size) -> None:
    page = visit(slow_page, viewport=size)
    for _ in range(4):
        finished(page, ask(page, "How many workers live in a bee colony?"))
        page.wait_for_timeout(200)
        assert in_view(page, "#conversation", ".turn > .question")
        assert in_view(page, "#conversation", ".turn .foot")
    turn = ask(page, "How many workers live in a bee colony?")
    page.wait_for_timeout(100)
    page.locator("#conversation .turn").first.scroll_into_view_if_needed()
    finished(page, turn)
    page.wait_for_timeout(200)
    assert not in_view(page, "#conversation", ".turn > .question")


def test_stop_ends_a_question_and_the_next_one_works(slow_page, visit) -> None:
    page = visit(slow_page)
    turn = ask(page, "How many workers live in a bee colony, slowly?")
    page.get_by_role("button", name="Stop").click()
    finished(page, turn)
    page.wait_for_timeout(1000)  # a stage that was on its way is shown for a moment, no longer
    assert "Stopped." in finished(page, turn).inner_text()
    assert (
        "50,000" in finished(page, ask(page, "How many workers live in a bee colony?")).inner_text()
    )


def test_a_failing_model_is_told_and_the_next_question_works(slow_page, visit) -> None:
    page = visit(slow_page)
    turn = ask(page, "How many workers live in a bee colony, explode?")
    assert "RuntimeError" in finished(page, turn).inner_text()
    turn = ask(page, "How many workers live in a bee colony?")
    assert "50,000" in finished(page, turn).inner_text()


@pytest.mark.parametrize(
    ("question", "told"),
    [("x" * 100_000, "at most 2,000"), ("🤔🤔🤔", "does not tell"), ("\x07", "control")],
)
def test_what_cannot_be_asked_is_told(slow_page, visit, question, told) -> None:
    page = visit(slow_page)
    turn = ask(page, question)
    assert told in finished(page, turn).inner_text()


def test_an_empty_question_does_nothing(slow_page, visit) -> None:
    page = visit(slow_page)
    page.get_by_label("Question").fill("   ")
    page.keyboard.press("Enter")
    time.sleep(1)
    assert page.locator("#conversation .turn").count() == 0
    assert page.locator("#conversation .empty").count() == 1


def test_hostile_text_runs_nowhere(slow_page, visit) -> None:
    page = visit(slow_page)
    turn = ask(page, f"hostile sentence words {HOSTILE}")
    answer = finished(page, turn)
    assert "onerror" in answer.inner_text()
    if answer.locator(".marker").count():
        answer.locator(".marker").first.click()
        page.wait_for_selector("#source mark.active")
    time.sleep(0.5)
    assert page.title() == "Ask the documents"
    assert page.locator("#conversation img, #source img").count() == 0


def test_many_at_once_wait_in_line_and_none_is_lost(slow_page, visit) -> None:
    from gradio_client import Client

    client = Client(slow_page, verbose=False)
    question = "How many workers live in a bee colony?"
    jobs = [client.submit(question, [], "", api_name="/ask") for _ in range(20)]
    page = visit(slow_page)
    turn = ask(page, question)
    page.wait_for_function(
        "/Waiting, \\d+ before/.test(document.querySelector('#conversation .status')?.textContent)"
    )
    answers = [job.result(timeout=60)["answer"] for job in jobs]
    assert len(answers) == 20
    assert len(set(answers)) == 1
    assert "50,000" in finished(page, turn).inner_text()


def test_a_text_is_no_history(slow_page) -> None:
    from gradio_client import Client

    client = Client(slow_page, verbose=False)
    with pytest.raises(Exception, match="history is a list of questions"):
        client.predict("And when?", "Who is she?", "", api_name="/ask")


def test_the_readme_over_http(slow_page) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^```python\n([^`]*gradio_client[^`]*)^```", readme, re.MULTILINE)
    names = {}
    exec(block.replace("http://127.0.0.1:7860", slow_page), names)
    assert without_seconds(names["answer"]) == without_seconds(names["same"])
    assert names["answer"]["question"] == "who runs Xianyu?"


def test_two_browsers_keep_their_own_conversations(slow_page, visit) -> None:
    one, other = visit(slow_page), visit(slow_page)
    first = ask(one, "How many workers live in a bee colony?")
    second = ask(other, "How many eggs does the queen lay a day?")
    assert "50,000" in finished(one, first).inner_text()
    assert "2,000" in finished(other, second).inner_text()
    assert one.locator("#conversation .turn").count() == 1


def test_thumbs_write_a_draft_test_case(slow_page, visit, tmp_path_factory) -> None:
    page = visit(slow_page)
    turn = finished(page, ask(page, "How many workers live in a bee colony?"))
    turn.get_by_role("button", name="Bad").click()
    turn.get_by_label("What should it say?").fill("50,000")
    page.keyboard.press("Enter")
    turn.get_by_text("Sent, thank you.").wait_for()
    (path,) = wait_for_file(tmp_path_factory.getbasetemp(), "slow0/indexes/feedback.jsonl")
    case = json.loads(path.read_text(encoding="utf-8"))
    assert (case["facts"], case["note"]) == ([["50,000"]], "thumbs down: 50,000")


def test_a_folder_becomes_an_index_and_indexes_are_switched(slow_page, visit, tmp_path) -> None:
    folder = tmp_path / "zoo"
    (folder / "sub").mkdir(parents=True)
    (folder / "zebra.txt").write_text("Zebras of the northern plain have 62 stripes each.\n")
    (folder / "sub" / "gnu.txt").write_text("Gnus of the southern plain have 14 calves each.\n")
    page = visit(slow_page)
    page.get_by_role("button", name="Bring documents").click()
    page.get_by_label("Name of the index").fill("zoo")
    page.locator("input[type=file]").nth(1).set_input_files(folder)
    page.locator(".file-preview").first.wait_for()
    page.get_by_role("button", name="Build index").click()
    said = page.get_by_label("Result")
    expect(said).to_have_value(re.compile("^Documents: 2"))
    turn = finished(page, ask(page, "How many stripes have zebras of the northern plain?"))
    assert "62" in turn.inner_text()
    page.get_by_role("button", name="About this index").click()
    page.get_by_label("Index", exact=True).click()
    page.get_by_role("option", name="docs").click()
    page.wait_for_selector("#conversation .empty")
    turn = finished(page, ask(page, "How many workers live in a bee colony?"))
    assert "50,000" in turn.inner_text()


def test_what_an_index_holds_is_told_as_it_is_now(tmp_path, visit) -> None:
    blocks = slow_blocks(tmp_path)
    page = visit(app.launch(blocks, port=free_port(), block=False))
    (tmp_path / "docs" / "ants.txt").write_text("Ants of the north live in 12 colonies.\n")
    corpus = load_corpus(tmp_path / "docs")
    open_or_build(tmp_path / "indexes/docs", corpus, SLOW_EMBEDDER, Config(quote_words=0))
    page.get_by_role("button", name="About this index").click()
    expect(page.locator(".about tr").first).to_have_text(re.compile(r"Documents\s*3"))
    blocks.close()


def test_a_long_build_shows_its_progress(slow_page, visit, tmp_path) -> None:
    sloths = " ".join(f"Sloth number {n} of the forest eats {n} leaves." for n in range(300))
    (tmp_path / "sloths.txt").write_text(sloths)
    page = visit(slow_page)
    page.get_by_role("button", name="Bring documents").click()
    page.get_by_label("Name of the index").fill("sloths")
    page.locator("input[type=file]").first.set_input_files(tmp_path / "sloths.txt")
    page.locator(".file-preview").first.wait_for()
    page.get_by_role("button", name="Build index").click()
    page.get_by_text(re.compile(r"rag: embedding - \d")).first.wait_for()
    SLOW_EMBEDDER.go_on.set()
    said = page.get_by_label("Result")
    expect(said).to_have_value(re.compile("^Documents: 1"))


def test_building_from_nothing_or_under_a_bad_name_is_told(slow_page, visit, tmp_path) -> None:
    page = visit(slow_page)
    page.get_by_role("button", name="Bring documents").click()
    page.get_by_role("button", name="Build index").click()
    said = page.get_by_label("Result")
    expect(said).to_have_value(re.compile("^no files"))
    (tmp_path / "a.txt").write_text("Some text of a file.")
    page.locator("input[type=file]").first.set_input_files(tmp_path / "a.txt")
    page.locator(".file-preview").first.wait_for()
    page.get_by_label("Name of the index").fill("../../up")
    page.get_by_role("button", name="Build index").click()
    expect(said).to_have_value(re.compile("is no name"))


def test_uploads_stay_in_their_place_and_within_bounds(slow_page) -> None:
    import httpx

    address = f"{slow_page}gradio_api/upload"
    sent = httpx.post(address, files={"files": ("../../evil.txt", b"x")})
    (path,) = sent.json()
    assert ".." not in path
    assert path.endswith("evil.txt")
    huge = httpx.post(address, files={"files": ("huge.txt", b"x" * (65 * 2**20))}, timeout=60)
    assert huge.status_code == 413


def test_uploads_do_not_stay_for_ever(tmp_path) -> None:
    import httpx

    blocks = slow_blocks(tmp_path)
    address = app.launch(blocks, port=free_port(), block=False)
    sent = httpx.post(f"{address}gradio_api/upload", files={"files": ("a.txt", b"brought")})
    (path,) = sent.json()
    assert Path(path).exists()
    blocks.close()
    assert not Path(path).exists()


def handler(blocks, name):
    (found,) = (fn for fn in blocks.fns.values() if fn.name == name)
    return found


def test_a_page_that_is_opened_offers_what_was_built_since(tmp_path) -> None:
    opened = handler(slow_blocks(tmp_path), "opened")
    shutil.copytree(tmp_path / "indexes/docs", tmp_path / "indexes/later")
    assert [event for _, event in opened.targets] == ["load"]
    assert opened.fn().choices == [("docs", "docs"), ("later", "later")]


def test_a_note_that_cannot_be_kept_is_told(tmp_path) -> None:
    import gradio as gr

    blocks = slow_blocks(tmp_path)
    (tmp_path / "indexes" / app.FEEDBACK).mkdir()
    answer = blocks.service.ask(Query("How many workers live in a bee colony?"))
    said = gr.EventData(None, {"turn": 0, "good": True, "note": ""})
    with pytest.raises(gr.Error, match="could not be kept"):
        handler(blocks, "like").fn([Turn(answer.question, answer=answer)], said)


def test_no_caller_of_mcp_tells_where_its_calls_go(slow_page) -> None:
    headers = {"X-Forwarded-Host": f"127.0.0.1:{free_port()}"}
    answer = in_a_thread(by_mcp, slow_page, "How many workers live in a bee colony?", headers)
    assert "50,000" in answer["answer"]


# --- on the real models -------------------------------------------------------------------------


@pytest.mark.real
def test_real_a_marker_opens_the_article_at_the_quote(real_page, visit) -> None:
    page = visit(real_page)
    turn = finished(page, ask(page, DRAGONS))
    assert all(name in turn.inner_text() for name in ("Quark", "Xianyu", "1688", "DingTalk"))
    quotes = turn.locator(".quoted q").all_inner_texts()
    for marker in turn.locator(".answered .marker").all():
        number = int(marker.inner_text())
        marker.click()
        page.wait_for_function(
            "n => document.querySelector('#source mark.active')?.ariaLabel === `Quote ${n}`",
            arg=number,
        )
        assert active_quote(page) == quotes[number - 1].strip('“”"')
        assert in_view(page, "#source", "mark.active")


@pytest.mark.real
def test_real_the_first_quote_is_in_view_however_long_the_article(real_page, visit) -> None:
    page = visit(real_page)
    finished(page, ask(page, "What was the revenue of the Local Life Group?"))
    page.wait_for_timeout(200)
    assert "16.134 billion" in active_quote(page)
    assert in_view(page, "#source", "mark.active")


@pytest.mark.real
def test_real_a_refusal_and_a_follow_up(real_page, visit) -> None:
    page = visit(real_page)
    turn = finished(page, ask(page, "How do I bake sourdough bread?"))
    assert turn.locator(".refusal").count() == 1
    assert "Nearest passages" in turn.inner_text()
    finished(page, ask(page, "who is the president of Xianyu?"))
    turn = finished(page, ask(page, "who accompanied him?"))
    assert "Understood as: who accompanied him? (who is the president of Xianyu?)" in (
        turn.inner_text()
    )
    page.get_by_role("button", name="New chat").click()
    page.wait_for_selector("#conversation .empty")


@pytest.mark.real
def test_real_brought_files_are_answered_from(real_page, visit, tmp_path) -> None:
    good = tmp_path / "harbour.txt"
    good.write_text(
        "The harbour of Vessela\n\nThe harbour of Vessela was dredged in 1931 by Ona Prit. "
        "It is nine metres deep. The lighthouse beside it was painted green in 1950.\n",
        encoding="utf-8",
    )
    (tmp_path / "empty.txt").write_bytes(b"")
    (tmp_path / "picture.txt").write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00\xff")
    page = visit(real_page)
    page.get_by_role("button", name="Bring documents").click()
    files = [good, tmp_path / "empty.txt", tmp_path / "picture.txt"]
    page.locator("input[type=file]").first.set_input_files([str(file) for file in files])
    page.locator(".file-preview").first.wait_for()
    page.get_by_role("button", name="Build index").click()
    page.wait_for_function(
        "[...document.querySelectorAll('textarea')].some(t => /Documents: 1,/.test(t.value))"
    )
    turn = finished(page, ask(page, "When was the harbour of Vessela dredged?"))
    assert "1931" in turn.inner_text()
    assert "harbour.txt" in turn.inner_text()


@pytest.mark.real
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_real_no_serious_barrier(real_page, visit, scheme) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page = visit(real_page, color_scheme=scheme)
    finished(page, ask(page, DRAGONS))
    finished(page, ask(page, "How do I bake sourdough bread?"))
    dark = page.evaluate("document.body.classList.contains('dark')")
    assert dark == (scheme == "dark")
    found = Axe().run(page).response["violations"]
    serious = [v for v in found if v["impact"] in ("serious", "critical")]
    assert serious == [], [(v["id"], [n["html"][:200] for n in v["nodes"]]) for v in serious]


@pytest.mark.real
def test_real_on_a_phone_nothing_is_wider_than_the_screen(real_page, visit) -> None:
    page = visit(real_page, viewport={"width": 390, "height": 844})
    turn = finished(page, ask(page, DRAGONS))
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    turn.locator(".marker").first.click()
    page.wait_for_function("document.activeElement.matches('#source mark.active')")
    time.sleep(0.3)
    assert in_view(page, "#source", "mark.active")


def without_seconds(answer):
    return {key: value for key, value in answer.items() if key != "seconds"}


async def by_mcp(address, question, headers=None):
    from mcp import ClientSession
    from mcp.client.streamable_http import streamablehttp_client

    async with (
        streamablehttp_client(f"{address}gradio_api/mcp/", headers) as (read, write, _),
        ClientSession(read, write) as session,
    ):
        await session.initialize()
        (tool,) = (await session.list_tools()).tools
        assert "cited" in tool.description
        result = await session.call_tool(tool.name, {"question": question})
        return json.loads(result.content[0].text)


def in_a_thread(work, *arguments):
    """Runs a coroutine beside the browser's own event loop."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: asyncio.run(work(*arguments))).result(timeout=60)


@pytest.mark.real
def test_real_the_same_answer_by_command_page_http_and_mcp(real_page, visit, tmp_path) -> None:
    from gradio_client import Client

    command = [sys.executable, "-m", "rag.ask", "--json", "--quiet", DRAGONS]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    printed = without_seconds(json.loads(done.stdout))
    client = Client(real_page, verbose=False)
    assert without_seconds(client.predict(DRAGONS, [], "", api_name="/ask")) == printed
    with pytest.raises(Exception, match="the question is empty"):
        client.predict(" ", [], "", api_name="/ask")
    assert without_seconds(in_a_thread(by_mcp, real_page, DRAGONS)) == printed
    page = visit(real_page)
    turn = finished(page, ask(page, DRAGONS))
    shown = turn.locator(".answered").inner_text()
    assert re.sub(r"\W", "", shown) == re.sub(r"\W", "", printed["answer"])
    assert [quote.strip('“”"') for quote in turn.locator(".quoted q").all_inner_texts()] == [
        citation["quote"] for citation in printed["citations"]
    ]
