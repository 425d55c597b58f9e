"""What happens on the page. A conversation is a list of turns, kept by each browser tab."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

from rag import page
from rag.errors import QuestionError, RagError, UsageError
from rag.feedback import draft_case, record
from rag.page import MAX_NOTE, STAGES, Turn
from rag.question import check_question
from rag.service import Query, Service
from rag.starters import starters
from rag.types import Answer

log = logging.getLogger("rag.app")

_SHOWN_CHARS = 300  # of a question that cannot be asked


@dataclass(frozen=True, slots=True)
class View:
    """The page after a change; a source of None stays as it was."""

    turns: list[Turn]
    source: str | None = None

    @property
    def conversation(self) -> str:
        """As HTML."""
        return page.conversation(self.turns)

    @property
    def at_work(self) -> bool:
        """Whether the last turn has work left."""
        return bool(self.turns) and bool(self.turns[-1].status)


class Chat:
    """Answers events of the page with what it shows next."""

    def __init__(self, service: Service, feedback: Path) -> None:
        self._service = service
        self._library = service.library
        self._feedback = feedback
        self._begun: set[str] = set()  # turns that no call of ``answer`` has taken up

    def begin(self, question: str, turns: list[Turn], name: str) -> View | None:
        """A new turn at once, before any work; None while there is nothing to ask, or while the
        last turn is at work."""
        if not question.strip() or View(turns).at_work:
            return None
        try:
            turn = Turn(check_question(question), "Waiting", index=name, id=uuid4().hex)
            self._begun.add(turn.id)
        except QuestionError as error:
            turn = Turn(question[:_SHOWN_CHARS], error=str(error))
        return View([*turns, turn])

    def answer(self, turns: list[Turn]) -> Iterator[View]:
        """Work on the last turn, shown after each stage; nothing where it was taken up before,
        as the page calls this after each Enter, also while a question is at work."""
        seen = None
        taken = View(turns).at_work and self._take(turns[-1])
        for turn in self._progress(turns) if taken else ():
            source = None
            if turn.answer and turn.answer.citations and turn.answer is not seen:
                source = self._source(turn, 1)
            seen = turn.answer
            yield View([*turns[:-1], turn], source)

    def _take(self, turn: Turn) -> bool:
        """Whether a turn was still to be taken up; of several calls at once, for one."""
        try:
            self._begun.remove(turn.id)
        except KeyError:
            return False
        return True

    def _progress(self, turns: Sequence[Turn]) -> Iterator[Turn]:
        turn = turns[-1]
        history = tuple(earlier.question for earlier in turns[:-1] if earlier.answer)
        try:
            for step in self._service.steps(Query(turn.question, history, turn.index)):
                if isinstance(step, Answer):
                    turn = replace(turn, answer=step)
                elif isinstance(step, int):
                    turn = replace(turn, status=f"Waiting, {step} before this one")
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

    def stop(self, turns: list[Turn]) -> View:
        """The last turn ends as it is."""
        return View([*turns[:-1], _ended(turns[-1], "Stopped.")] if View(turns).at_work else turns)

    def source(self, turns: list[Turn], turn: int, marker: int) -> str:
        """The document of a marker that was chosen, as another text each time."""
        known = _answer_of(turns, turn) is not None
        return self._source(turns[turn], marker, uuid4().hex) if known else page.NO_SOURCE

    def _source(self, turn: Turn, marker: int, focus: str = "") -> str:
        citations = turn.answer.citations if turn.answer else ()
        chosen = next((c for c in citations if c.marker == marker), None)
        if chosen is None:
            return page.NO_SOURCE
        try:
            document = self._library.pipeline(turn.index).index.documents.get(chosen.doc)
        except RagError:  # another index has taken its place, which cannot be opened here
            return page.CHANGED
        if document is None or not page.stands(chosen, document):
            return page.CHANGED
        return page.source(document, citations, marker, focus)

    def like(self, turns: list[Turn], turn: int, good: bool, note: str) -> None:
        """Write down what a reader thought of an answer."""
        answer = _answer_of(turns, turn)
        if answer is not None:
            history = [earlier.question for earlier in turns[:turn] if earlier.answer]
            record(self._feedback, draft_case(answer, history, good, note[:MAX_NOTE]))

    def fresh(self, name: str) -> tuple[list[Turn], str, str, str]:
        """A new chat: no turns, conversation, source, and what the index holds."""
        documents = self._library.pipeline(name).index.documents.values()
        empty = page.conversation([], starters(documents))
        return [], empty, page.NO_SOURCE, self.about(name)

    def about(self, name: str) -> str:
        """What an index holds now."""
        return page.about(self._library.about(name))

    def names(self) -> list[str]:
        """Of all indexes that can be asked."""
        return self._library.names()

    def bring(self, name: str, uploads: Sequence[str]) -> tuple[list[str], str]:
        """An index of uploaded files: all names of indexes, and what is to be said about it."""
        if not uploads:
            raise UsageError("no files; choose some first")
        skipped = self._library.add(name, [Path(upload) for upload in uploads])
        about = self._library.about(name)
        said = f"Documents: {about.documents}, passages: {about.chunks}."
        reasons = "".join(f"\nLeft out {s.path}: {s.reason}." for s in skipped)
        return self._library.names(), said + reasons


def _ended(turn: Turn, reason: str) -> Turn:
    return replace(turn, status="", error=reason)


def _answer_of(turns: Sequence[Turn], number: int) -> Answer | None:
    """None where the browser names a turn that is none, or has no answer."""
    return turns[number].answer if 0 <= number < len(turns) else None
