"""A record of a run ↔ a line of answers.jsonl."""

from __future__ import annotations

import json

from eval.questions import Question
from eval.scoring import Record
from rag.types import Answer, Citation, ModelNames, Passage, Seconds


def write_record(record: Record) -> str:
    """One JSON object: question, answer (with its confidence) or null, error or null."""
    answer = record.answer
    return json.dumps(
        {
            "question": record.question.to_dict(),
            "answer": answer and {**answer.to_dict(), "confidence": answer.confidence},
            "error": record.error,
        },
        ensure_ascii=False,
    )


def read_record(line: str) -> Record:
    """The inverse of ``write_record``."""
    fields = json.loads(line)
    answer = fields["answer"]
    return Record(
        question=Question.from_dict(fields["question"]),
        answer=answer
        and Answer(
            question=answer["question"],
            answer=answer["answer"],
            refused=answer["refused"],
            citations=tuple(Citation(**citation) for citation in answer["citations"]),
            passages=tuple(Passage(**passage) for passage in answer["passages"]),
            models=ModelNames(**answer["models"]),
            seconds=Seconds(**answer["seconds"]),
            confidence=answer["confidence"],
        ),
        error=fields["error"],
    )
