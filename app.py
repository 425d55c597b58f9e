"""python app.py: a chat page on this machine, where every answer can be traced to its source."""

# No "from __future__ import annotations": Gradio reads the handlers' annotations at run time.

import argparse
import json
import logging
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.chat import Chat, View
from rag.cli import (
    add_corpus_options,
    add_generator_option,
    configure_logging,
    index_folder,
    run,
    without_corpus,
)
from rag.config import INDEXES, Config
from rag.errors import RagError
from rag.library import Library
from rag.line import Line
from rag.page import Turn
from rag.service import Query, Service
from rag.serving_options import GRACE, add_serving_options, credentials

if TYPE_CHECKING:
    import gradio as gr

    from rag.pipeline import Pipeline

log = logging.getLogger("rag.app")

FEEDBACK = "feedback.jsonl"  # beside the indexes
_UPLOADS = 3600, 24 * 3600  # seconds: how often Gradio's copies are looked at, how long they stay
_MORE_THREADS = 8  # than places in the line: for what never waits in it


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(
        prog="python app.py",
        description="Serve the chat page and POST /ask, on this machine only.",
    )
    add_corpus_options(made)
    add_generator_option(made)
    add_serving_options(made)
    return made


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit status."""
    return run(parser(), _main, argv)


def _main(options: argparse.Namespace) -> int:
    configure_logging(options.quiet, options.log == "json")
    auth = credentials(options.auth)
    line = Line(options.queue, options.concurrency)
    from rag.pipeline import Pipeline
    from rag.server import require_free

    require_free(options.host, options.port)  # told at once, not after the models have loaded
    models = options.generator, options.embedder
    if without_corpus(options):
        name = options.index
        pipeline = Pipeline.open_milvus(name, Config(), *models)
    else:
        folder = index_folder(options.corpus, options.index)
        name = folder.name
        pipeline = Pipeline.from_folder(options.corpus, folder, Config(), *models)
    blocks = build_app(pipeline, name, line=line, log_questions=options.log_questions)
    launch(blocks, options.host, options.port, auth, options.mcp, grace=options.grace)
    return 0


def launch(
    blocks: "gr.Blocks",
    host: str = "127.0.0.1",
    port: int = 7860,
    auth: tuple[str, str] | None = None,
    mcp: bool = False,
    block: bool = True,
    grace: float = GRACE,
) -> str:
    """Serve the page that ``build_app`` made, and the endpoints for programs, with nothing that
    leaves the machine; returns its address, with ``block`` at the end."""
    import gradio as gr

    from rag.endpoints import web_app
    from rag.server import Server, by_own_name, wait_for_end

    line = blocks.service.line
    web = web_app(blocks.service, auth)
    blocks.max_threads = line.places + _MORE_THREADS
    gr.mount_gradio_app(
        web,
        blocks.queue(default_concurrency_limit=None),  # the line bounds them
        path="/",
        auth=auth,
        mcp_server=mcp,
        show_error=True,  # to clients of the HTTP endpoint: questions that cannot be asked
        max_file_size="64mb",
        footer_links=["api"],
        css=_asset("page.css"),
        theme=_theme(),
    )
    # With a password, a proxy on this machine may pass on whatever name it is asked for by.
    server = Server(web if auth else by_own_name(web, host), host, port)
    # What Gradio's own launch sets, so that close() ends the page's streams and the server.
    blocks.app, blocks.server = web.routes[-1].app, server
    if blocks.mcp_server_obj:  # else the first caller's headers tell where all its calls go
        blocks.mcp_server_obj._local_url = server.address
    server.start()
    log.info("serving %s", server.address)
    if block:
        wait_for_end(line, grace)
        blocks.app.stop_event.set()  # ends the streams that tell open pages of its life
        server.close()  # before the page: once its queue is closed, Gradio sends no answers
        blocks.close(verbose=False)
    return server.address


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


def build_app(
    pipeline: "Pipeline",
    name: str = "documents",
    indexes: Path = INDEXES,
    line: Line | None = None,
    log_questions: bool = False,
) -> "gr.Blocks":
    """The page over a pipeline, whose index is called ``name``; others are in ``indexes``."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    import gradio as gr

    from rag.question_log import question_log

    service = Service(Library(pipeline, name, indexes), line or Line())
    service.tell(question_log(log_questions))
    chat = Chat(service, indexes / FEEDBACK)
    own = {"analytics_enabled": False, "delete_cache": _UPLOADS}
    with gr.Blocks(title="Ask the documents", fill_width=True, **own) as blocks:
        widgets = _lay_out(chat, name)
        answers = _wire_chat(chat, widgets)
        _wire_indexes(chat, widgets, answers)
        _offer(service)

        def opened() -> gr.Dropdown:
            return gr.Dropdown(chat.names())  # some may have been built since the start

        hidden = {"show_progress": "hidden", "api_visibility": "private"}
        blocks.load(opened, None, [widgets.index], **hidden)
    blocks.service = service  # launch serves it to programs, too
    return blocks


def _offer(service: Service) -> None:
    """Gradio's own HTTP endpoints, and the MCP tool."""
    import gradio as gr

    def ask(question: str, history: list[str] | None = None, index: str = "") -> dict[str, Any]:
        try:
            return service.ask(Query(question, history or (), index)).to_dict()
        except RagError as error:
            raise gr.Error(str(error), print_exception=False) from error

    def ask_json(question: str, history: list[str] | None = None, index: str = "") -> str:
        """Answer a question from the documents. Every sentence is cited with exact quotes; what
        the documents do not tell is refused.

        Args:
            question: in words, up to 2,000 characters
            history: the questions asked before, oldest first, which this one may refer to
            index: name of the index to ask, empty for the one the server was started with
        """
        return json.dumps(ask(question, history, index), ensure_ascii=False)

    # Gradio's MCP prints an object in Python's form, so there it is given as text. What is
    # "undocumented" is no MCP tool, but an HTTP endpoint as others are.
    gr.api(ask, api_name="ask", api_visibility="undocumented")
    gr.api(ask_json, api_name="ask_json")


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
    facts: "gr.Accordion"
    name: "gr.Textbox"
    files: "gr.File"
    folder: "gr.File"
    build: "gr.Button"
    said: "gr.Textbox"


def _lay_out(chat: Chat, name: str) -> Widgets:
    import gradio as gr

    _, empty, hint, told = chat.fresh(name)
    own = {"apply_default_css": False}
    gr.HTML("<h1>Ask the documents</h1>", padding=False)
    with gr.Row():
        with gr.Column(scale=3, min_width=360):
            conversation = gr.HTML(
                empty, elem_id="conversation", js_on_load=_asset("page.js"), **own
            )
            asks = "Ask the documents"
            question = gr.Textbox(label="Question", placeholder=asks, max_lines=6, autofocus=True)
            with gr.Row():
                ask = gr.Button("Ask", variant="primary", min_width=80)
                stop = gr.Button("Stop", variant="stop", min_width=80, interactive=False)
                new = gr.Button("New chat", min_width=80)
        with gr.Column(scale=2, min_width=320):
            source = gr.HTML(hint, elem_id="source", js_on_load=_asset("source.js"), **own)
    with gr.Row():
        with gr.Accordion("About this index", open=False) as facts:
            index = gr.Dropdown(chat.names(), value=name, label="Index", interactive=True)
            about = gr.HTML(told)
        with gr.Accordion("Bring documents", open=False):
            called = gr.Textbox(label="Name of the index", value="my-documents", max_length=100)
            some = gr.File(label="Files", file_count="multiple")
            folder = gr.File(label="Or a folder", file_count="directory")
            build = gr.Button("Build index")
            said = gr.Textbox(label="Result", interactive=False, lines=2)
    chatting = (gr.State([]), conversation, question, ask, stop, new, source)
    return Widgets(*chatting, index, about, facts, called, some, folder, build, said)


def _shown(view: View) -> tuple[list[Turn], str, Any]:
    """Turns, conversation and stop."""
    import gradio as gr

    return view.turns, view.conversation, gr.Button(interactive=view.at_work)


def _wire_chat(chat: Chat, w: Widgets) -> list[Any]:
    """Returns the events that answer, which others may cancel."""
    import gradio as gr

    def begin(question: str, turns: list[Turn], name: str) -> tuple[Any, ...]:
        view = chat.begin(question, turns, name)
        return ("", *_shown(view)) if view else (gr.skip(),) * len(begun)

    def begin_with(turns: list[Turn], name: str, event: gr.EventData) -> tuple[Any, ...]:
        return begin(str(event.question), turns, name)

    def answer(turns: list[Turn]) -> Iterator[tuple[Any, ...]]:
        yield (gr.skip(),) * len(shown)  # to give nothing would empty the page
        for view in chat.answer(turns):
            yield *_shown(view), gr.skip() if view.source is None else view.source

    def stop(turns: list[Turn]) -> tuple[list[Turn], str, Any]:
        return _shown(chat.stop(turns))

    def show(turns: list[Turn], event: gr.EventData) -> str:
        return chat.source(turns, int(event.turn), int(event.marker))

    def like(turns: list[Turn], event: gr.EventData) -> None:
        try:
            chat.like(turns, int(event.turn), bool(event.good), str(event.note))
        except OSError as error:
            log.exception("what a reader thought of an answer could not be kept")
            told = "This could not be kept; the log has details."
            raise gr.Error(told, print_exception=False) from error

    quick = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
    # "multiple": one that was stopped may still be ending when the next is asked.
    slow = {**quick, "queue": True, "trigger_mode": "multiple"}
    asked = [w.turns, w.index]
    begun = [w.question, w.turns, w.conversation, w.stop]
    shown = [w.turns, w.conversation, w.stop, w.source]
    starts = [
        gr.on([w.question.submit, w.ask.click], begin, [w.question, *asked], begun, **quick),
        w.conversation.submit(begin_with, asked, begun, **quick),
    ]
    answers = [start.then(answer, [w.turns], shown, **slow) for start in starts]
    stopped = w.stop.click(stop, [w.turns], begun[1:], cancels=answers, **quick)
    # A stage that was on its way is shown over "Stopped.", and nothing would follow it.
    stopped.then(stop, [w.turns], begun[1:], **quick)
    w.conversation.select(show, [w.turns], [w.source], **quick)
    w.conversation.like(like, [w.turns], None, **quick)
    return answers


def _wire_indexes(chat: Chat, w: Widgets, answers: list[Any]) -> None:
    import gradio as gr

    def bring(
        name: str,
        some: list[str] | None,
        folder: list[str] | None,
        progress: gr.Progress = gr.Progress(track_tqdm=True),  # noqa: B008
    ) -> tuple[Any, ...]:
        try:
            names, said = chat.bring(name, [*(some or []), *(folder or [])])
        except RagError as error:
            return str(error), *[gr.skip()] * 5
        return said, gr.Dropdown(names, value=name), *chat.fresh(name)

    fresh = [w.turns, w.conversation, w.source, w.about]
    hidden = {"show_progress": "hidden", "api_visibility": "private"}
    for chosen in (w.new.click, w.index.input):
        # Twice, as with Stop: a stage that was on its way is shown over the new chat.
        begun = chosen(chat.fresh, [w.index], fresh, cancels=answers, **hidden)
        begun.then(chat.fresh, [w.index], fresh, **hidden)
    w.facts.expand(chat.about, [w.index], [w.about], **hidden)  # it may have been built anew
    given = [w.name, w.files, w.folder]
    built = [w.said, w.index, *fresh]
    shown = {"show_progress_on": w.said, "api_visibility": "private"}
    w.build.click(bring, given, built, concurrency_limit=1, **shown)  # it takes all cores


def _asset(name: str) -> str:
    return (files("rag") / name).read_text(encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
