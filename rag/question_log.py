"""A line of the log for each question; what was asked stands there only where that is wanted."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import asdict

from rag.json_lines import FIELDS
from rag.service import Served
from rag.terminal import printable

log = logging.getLogger("rag.serve")


def question_log(with_text: bool) -> Callable[[Served], None]:
    """Writes down what came of a question, its text only with ``with_text``."""

    def write(served: Served) -> None:
        seconds = asdict(served.seconds) if served.seconds else {}
        fields = {
            "id": served.query.id,
            "index": served.index,
            "outcome": served.outcome,
            "status": served.status,
            "seconds": {**seconds, "waiting": round(served.waited, 4)},
        }
        asked = {"question": served.query.question} if with_text else {}
        log.info(
            "question %s: %s in %.2f s, waited %.2f s%s",
            served.query.id,
            served.outcome,
            seconds.get("total", 0.0),
            served.waited,
            f": {printable(served.query.question)}" if with_text else "",
            extra={FIELDS: {**fields, **asked}},
        )

    return write
