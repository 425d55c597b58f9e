"""python app.py: a chat page on this machine, where every answer can be traced to its source."""

# No "from __future__ import annotations": Gradio reads the handlers' annotations at run time.

import argparse
import json
import logging
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag import page
from rag.cli import (
    add_corpus_options,
    add_generator_option,
    configure_logging,
    index_folder,
    report_skipped,
    run,
    without_corpus,
)
from rag.config import INDEXES, Config
from rag.errors import QuestionError, RagError, UsageError
from rag.feedback import draft_case, record
from rag.library import Library
from rag.line import Line
from rag.page import STAGES, Turn
from rag.question import check_question
from rag.starters import starters
from rag.types import Answer

if TYPE_CHECKING:
    import gradio as gr
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from rag.pipeline import Pipeline

log = logging.getLogger("rag.app")

FEEDBACK = "feedback.jsonl"  # beside the indexes
_SHOWN_CHARS = 300  # of a question that cannot be asked
_MAX_WAITING = 40
_CONTENT_SECURITY = (  # the browser, too, talks to this server only
    "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; frame-ancestors 'self'"
)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(
        prog="python app.py", description="Serve the chat page, on this machine only."
    )
    add_corpus_options(made)
    add_generator_option(made)
    made.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    made.add_argument("--port", type=int, default=7860, help="port to listen on (%(default)s)")
    made.add_argument("--auth", metavar="USER:PASS", help="ask for this name and password")
    made.add_argument("--mcp", action="store_true", help="offer the same answers as an MCP tool")
    return made


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit status."""
    return run(parser(), _main, argv)


def _main(options: argparse.Namespace) -> int:
    configure_logging(options.quiet)
    auth = _credentials(options.auth)
    from rag.known_texts import read_corpus
    from rag.pipeline import Pipeline

    models = options.generator, options.embedder
    if without_corpus(options):
        name = options.index
        pipeline = Pipeline.open_milvus(name, Config(), *models)
    else:
        folder = index_folder(options.corpus, options.index)
        name = folder.name
        corpus = read_corpus(options.corpus, folder)
        pipeline = Pipeline.open(corpus, folder, Config(), *models)
        report_skipped(corpus)
    blocks = build_app(pipeline, name)
    launch(blocks, options.host, options.port, auth, options.mcp)
    return 0


def _credentials(text: str | None) -> tuple[str, str] | None:
    if text is None:
        return None
    user, colon, password = text.partition(":")
    if not (user and colon and password):
        raise UsageError("--auth expects USER:PASS")
    return user, password


def launch(
    blocks: "gr.Blocks",
    host: str = "127.0.0.1",
    port: int = 7860,
    auth: tuple[str, str] | None = None,
    mcp: bool = False,
    block: bool = True,
) -> str:
    """Serve the page, with nothing that leaves the machine; returns its address."""
    from starlette.middleware import Middleware

    try:
        _, address, _ = blocks.queue(default_concurrency_limit=_MAX_WAITING).launch(
            server_name=host,
            server_port=port,
            auth=auth,
            mcp_server=mcp,
            share=False,
            show_error=True,  # to clients of the HTTP endpoint: questions that cannot be asked
            quiet=True,
            max_file_size="64mb",
            footer_links=["api"],
            prevent_thread_lock=True,
            css=_asset("page.css"),
            theme=_theme(),
            app_kwargs={"middleware": [Middleware(ContentSecurity)]},
        )
    except OSError as error:
        raise UsageError(f"cannot listen on {host}:{port} ({error}); try another --port") from error
    log.info("serving %s", address)
    if block:
        blocks.block_thread()
    return str(address)


def _theme() -> "gr.Theme":
    """Gradio's soft theme, its text dark enough for WCAG AA, in fonts of the machine's own."""
    import gradio as gr

    soft = gr.themes.Soft(font=["system-ui", "sans-serif"], font_mono=["monospace"])
    return soft.set(
        block_title_text_color="*primary_800",
        block_label_text_color="*primary_800",
        button_primary_background_fill="*primary_700",
        button_primary_background_fill_hover="*primary_600",
        body_text_color_subdued="*neutral_600",
        body_text_color_subdued_dark="*neutral_300",
    )


class ContentSecurity:
    """ASGI middleware that forbids the browser to load anything from elsewhere."""

    def __init__(self, app: "ASGIApp") -> None:
        self._app = app

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        async def send_with_header(message: "Message") -> None:
            if message["type"] == "http.response.start":
                header = (b"content-security-policy", _CONTENT_SECURITY.encode())
                message = {**message, "headers": [*message["headers"], header]}
            await send(message)

        await self._app(scope, receive, send_with_header)


class Page:
    """What happens on the page. A conversation is a list of turns, kept by each browser tab."""

    def __init__(self, library: Library, feedback: Path) -> None:
        self._library = library
        self._feedback = feedback
        self._line = Line()

    def ask_json(self, question: str, history: list[str] | None = None, index: str = "") -> str:
        """Answer a question from the documents. Every sentence is cited with exact quotes; what
        the documents do not tell is refused.

        Args:
            question: in words, up to 2,000 characters
            history: the questions asked before, oldest first, which this one may refer to
            index: name of the index to ask, empty for the one the server was started with
        """
        return json.dumps(self.ask(question, history, index), ensure_ascii=False)

    def ask(
        self, question: str, history: list[str] | None = None, index: str = ""
    ) -> dict[str, Any]:
        """The same as an object."""
        import gradio as gr

        try:
            with self._line.place() as before:
                while before():
                    pass
                pipeline = self._library.pipeline(index or self._library.first)
                return pipeline.ask(question, history or []).to_dict()
        except RagError as error:
            raise gr.Error(str(error), print_exception=False) from error

    def begin(self, question: str, turns: list[Turn]) -> tuple[str, list[Turn], Any, Any]:
        """A new turn at once, before any work: the text box, turns, conversation and stop.

        While the last turn is at work, the question stays in its box.
        """
        import gradio as gr

        if not question.strip() or _at_work(turns):
            return question, turns, gr.skip(), gr.skip()
        try:
            turn = Turn(check_question(question), status="Waiting")
        except QuestionError as error:
            turn = Turn(question[:_SHOWN_CHARS], error=str(error))
        return "", *self._shown([*turns, turn])

    def answer(self, turns: list[Turn], name: str) -> Iterator[tuple[Any, Any, Any, Any]]:
        """Work on the last turn: turns, conversation, source and stop, after each stage."""
        import gradio as gr

        yield gr.skip(), gr.skip(), gr.skip(), gr.skip()  # to give nothing would empty the page
        seen = None
        for turn in self._progress(turns, name) if _at_work(turns) else ():
            source = gr.skip()
            if turn.answer and turn.answer.citations and turn.answer is not seen:
                source = self._source(turn.answer, 1, name, focus=False)
            seen = turn.answer
            now, conversation, stop = self._shown([*turns[:-1], turn])
            yield now, conversation, source, stop

    def _progress(self, turns: Sequence[Turn], name: str) -> Iterator[Turn]:
        turn = turns[-1]
        history = [earlier.question for earlier in turns[:-1] if earlier.answer]
        try:
            with self._line.place() as before:
                while count := before():
                    yield replace(turn, status=f"Waiting, {count} before this one")
                for step in self._library.pipeline(name).steps(turn.question, history):
                    if isinstance(step, Answer):
                        turn = replace(turn, answer=step)
                    else:
                        turn = replace(turn, status=STAGES[step])
                    yield turn
            yield replace(turn, status="")
        except RagError as error:
            yield _ended(turn, str(error))
        except Exception as error:  # whatever a model raises; the next question may do
            log.exception("a question failed")
            kind = type(error).__name__
            yield _ended(turn, f"This question failed ({kind}); the log has details.")

    def stop(self, turns: list[Turn]) -> tuple[list[Turn], str, Any]:
        """The last turn ends as it is: turns, conversation and stop."""
        if _at_work(turns):
            turns = [*turns[:-1], _ended(turns[-1], "Stopped.")]
        return self._shown(turns)

    def source(self, turns: list[Turn], turn: int, marker: int, name: str) -> str:
        """The document of a marker that was chosen."""
        answer = _answer_of(turns, turn)
        return self._source(answer, marker, name, focus=True) if answer else page.NO_SOURCE

    def _source(self, answer: Answer, marker: int, name: str, focus: bool) -> str:
        chosen = next((c for c in answer.citations if c.marker == marker), None)
        if chosen is None:
            return page.NO_SOURCE
        try:
            document = self._library.pipeline(name).index.documents.get(chosen.doc)
        except RagError:  # another index has taken its place, which cannot be opened here
            return page.CHANGED
        if document is None or not page.stands(chosen, document):
            return page.CHANGED
        return page.source(document, answer.citations, marker, focus)

    def like(self, turns: list[Turn], turn: int, good: bool, note: str) -> None:
        """Write down what a reader thought of an answer."""
        answer = _answer_of(turns, turn)
        if answer is not None:
            history = [earlier.question for earlier in turns[:turn]]
            record(self._feedback, draft_case(answer, history, good, note[:_SHOWN_CHARS]))

    def fresh(self, name: str) -> tuple[list[Turn], str, str, str]:
        """A new chat: no turns, conversation, source, and what the index holds."""
        documents = self._library.pipeline(name).index.documents.values()
        empty = page.conversation([], starters(documents))
        return [], empty, page.NO_SOURCE, page.about(self._library.about(name))

    def names(self) -> list[str]:
        """Of all indexes that can be asked."""
        return self._library.names()

    def bring(self, name: str, uploads: Sequence[str] | None) -> tuple[list[str], str]:
        """An index of uploaded files: all names of indexes, and what is to be said about it."""
        if not uploads:
            raise UsageError("no files; choose some first")
        skipped = self._library.add(name, [Path(upload) for upload in uploads])
        about = self._library.about(name)
        said = f"Documents: {about.documents}, passages: {about.chunks}."
        reasons = "".join(f"\nLeft out {s.path}: {s.reason}." for s in skipped)
        return self._library.names(), said + reasons

    @staticmethod
    def _shown(turns: list[Turn]) -> tuple[list[Turn], str, Any]:
        import gradio as gr

        return turns, page.conversation(turns), gr.Button(interactive=_at_work(turns))


def _at_work(turns: Sequence[Turn]) -> bool:
    return bool(turns) and bool(turns[-1].status)


def _ended(turn: Turn, reason: str) -> Turn:
    return replace(turn, status="", error=reason)


def _answer_of(turns: Sequence[Turn], number: int) -> Answer | None:
    """None where the browser names a turn that is none, or has no answer."""
    return turns[number].answer if 0 <= number < len(turns) else None


def build_app(
    pipeline: "Pipeline", name: str = "documents", indexes: Path = INDEXES
) -> "gr.Blocks":
    """The page over a pipeline, whose index is called ``name``; others are in ``indexes``."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    import gradio as gr

    made = Page(Library(pipeline, name, indexes), indexes / FEEDBACK)
    with gr.Blocks(title="Ask the documents", analytics_enabled=False, fill_width=True) as blocks:
        widgets = _lay_out(made, name)
        answers = _wire_chat(made, widgets)
        _wire_indexes(made, widgets, answers)
        # Gradio's MCP prints an object in Python's form, so there it is given as text. What is
        # "undocumented" is no MCP tool, but an HTTP endpoint as others are.
        gr.api(made.ask, api_name="ask", api_visibility="undocumented")
        gr.api(made.ask_json, api_name="ask_json")
    return blocks


@dataclass(frozen=True, slots=True)
class Widgets:
    """The parts of the page."""

    turns: "gr.State"
    conversation: "gr.HTML"
    question: "gr.Textbox"
    ask: "gr.Button"
    stop: "gr.Button"
    new: "gr.Button"
    source: "gr.HTML"
    index: "gr.Dropdown"
    about: "gr.HTML"
    name: "gr.Textbox"
    files: "gr.File"
    folder: "gr.File"
    build: "gr.Button"
    said: "gr.Textbox"


def _lay_out(made: Page, name: str) -> Widgets:
    import gradio as gr

    _, conversation, source, about = made.fresh(name)
    gr.HTML("<h1>Ask the documents</h1>", padding=False)
    with gr.Row():
        with gr.Column(scale=3, min_width=360):
            chat = gr.HTML(
                conversation,
                elem_id="conversation",
                js_on_load=_asset("page.js"),
                autoscroll=True,
                apply_default_css=False,
            )
            with gr.Row():
                question = gr.Textbox(
                    label="Question",
                    placeholder="Ask the documents",
                    max_lines=6,
                    scale=6,
                    autofocus=True,
                )
                ask = gr.Button("Ask", variant="primary", scale=1, min_width=80)
                stop = gr.Button("Stop", variant="stop", scale=1, min_width=80, interactive=False)
                new = gr.Button("New chat", scale=1, min_width=150)
        with gr.Column(scale=2, min_width=320):
            shown = gr.HTML(
                source,
                elem_id="source",
                js_on_load=_asset("source.js"),
                apply_default_css=False,
            )
    with gr.Row():
        with gr.Accordion("About this index", open=False):
            index = gr.Dropdown(made.names(), value=name, label="Index", interactive=True)
            facts = gr.HTML(about)
        with gr.Accordion("Bring documents", open=False):
            called = gr.Textbox(label="Name of the index", value="my-documents", max_length=100)
            some = gr.File(label="Files", file_count="multiple")
            folder = gr.File(label="Or a folder", file_count="directory")
            build = gr.Button("Build index")
            said = gr.Textbox(label="Result", interactive=False, lines=2)
    turns = gr.State([])
    return Widgets(
        turns,
        chat,
        question,
        ask,
        stop,
        new,
        shown,
        index,
        facts,
        called,
        some,
        folder,
        build,
        said,
    )


def _wire_chat(made: Page, w: Widgets) -> list[Any]:
    """Returns the events that answer, which others may cancel."""
    import gradio as gr

    def begin_with(turns: list[Turn], event: gr.EventData) -> tuple[str, list[Turn], str, Any]:
        return made.begin(str(event.question), turns)

    def show(turns: list[Turn], name: str, event: gr.EventData) -> str:
        return made.source(turns, int(event.turn), int(event.marker), name)

    def like(turns: list[Turn], event: gr.EventData) -> None:
        made.like(turns, int(event.turn), bool(event.good), str(event.note))

    quick = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
    # "multiple": one that was stopped may still be ending when the next is asked.
    slow = {**quick, "queue": True, "concurrency_limit": _MAX_WAITING, "trigger_mode": "multiple"}
    begun = [w.question, w.turns, w.conversation, w.stop]
    shown = [w.turns, w.conversation, w.source, w.stop]
    starts = [
        gr.on([w.question.submit, w.ask.click], made.begin, [w.question, w.turns], begun, **quick),
        w.conversation.submit(begin_with, [w.turns], begun, **quick),
    ]
    answers = []
    for start in starts:
        answers.append(start.then(made.answer, [w.turns, w.index], shown, **slow))
    w.stop.click(made.stop, [w.turns], begun[1:], cancels=answers, **quick)
    w.conversation.select(show, [w.turns, w.index], [w.source], **quick)
    w.conversation.like(like, [w.turns], None, **quick)
    return answers


def _wire_indexes(made: Page, w: Widgets, answers: list[Any]) -> None:
    import gradio as gr

    def bring(
        name: str,
        some: list[str] | None,
        folder: list[str] | None,
        progress: gr.Progress = gr.Progress(track_tqdm=True),  # noqa: B008
    ) -> tuple[Any, ...]:
        try:
            names, said = made.bring(name, [*(some or []), *(folder or [])])
        except RagError as error:
            return str(error), *[gr.skip()] * 5
        return said, gr.Dropdown(names, value=name), *made.fresh(name)

    fresh = [w.turns, w.conversation, w.source, w.about]
    built = [w.said, w.index, *fresh]
    hidden = {"show_progress": "hidden", "api_visibility": "private", "cancels": answers}
    w.new.click(made.fresh, [w.index], fresh, **hidden)
    w.index.input(made.fresh, [w.index], fresh, **hidden)
    given = [w.name, w.files, w.folder]
    shown = {"show_progress_on": w.said, "api_visibility": "private"}
    w.build.click(bring, given, built, **shown)


def _asset(name: str) -> str:
    return (files("rag") / name).read_text(encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
