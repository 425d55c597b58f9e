"""The log as JSON, one object a line."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime

FIELDS = "rag_fields"  # attribute of a record that holds what is told beside its message


class JsonLines(logging.Formatter):
    """Each record as an object: time (ISO 8601, UTC), level, message, and its fields."""

    def format(self, record: logging.LogRecord) -> str:
        said = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
            **getattr(record, FIELDS, {}),
        }
        if record.exc_info:
            said["exception"] = self.formatException(record.exc_info)
        return json.dumps(said)
