"""A record of a run ↔ a line of answers.jsonl."""

from __future__ import annotations

from pydantic import TypeAdapter

from eval.scoring import Record

RECORD = TypeAdapter(Record)


def write_record(record: Record) -> str:
    """One JSON object: question, answer or null, error or null."""
    return RECORD.dump_json(record).decode()


def read_record(line: str) -> Record:
    """The inverse of ``write_record``; raises pydantic's ValidationError for another line."""
    return RECORD.validate_json(line)
