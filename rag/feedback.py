"""What a reader thought of an answer → a draft test case, in the form of eval/questions."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rag.types import Answer


def draft_case(answer: Answer, history: Sequence[str], good: bool, note: str) -> dict[str, Any]:
    """A good answer's quotes are its facts; what a bad one should hold, a person must still say."""
    answerable = not answer.refused if good else answer.refused or bool(note)
    facts = [[c.quote] for c in answer.citations] if good else [[note]] if note else []
    return {
        "id": f"feedback-{datetime.now(UTC):%Y%m%dT%H%M%S%f}",
        "kind": "followup" if history else "fact",
        "question": answer.question,
        "answerable": answerable,
        "facts": facts,
        "evidence": [
            {"doc": c.doc, "start": c.start, "end": c.end} for c in answer.citations if good
        ],
        "history": list(history),
        "note": f"thumbs {'up' if good else 'down'}" + (f": {note}" if note else ""),
    }


def record(path: Path, case: dict[str, Any]) -> None:
    """Append one line. Half a surrogate pair, which UTF-8 cannot hold, is escaped as JSON does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8", errors="backslashreplace") as file:
        file.write(json.dumps(case, ensure_ascii=False) + "\n")
