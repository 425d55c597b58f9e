"""Progress bars on standard error, shown while this package is allowed to talk."""

from __future__ import annotations

import logging
from typing import Any

from tqdm import tqdm

from rag.json_lines import JsonLines


def progress_bar(total: int | None, unit: str, description: str, shown: bool = True) -> tqdm[Any]:
    """A bar that shows rate and, where a total is known, time left; none where the package's log
    level is above INFO, or its lines are JSON."""
    log = logging.getLogger("rag")
    as_json = any(isinstance(handler.formatter, JsonLines) for handler in log.handlers)
    silent = not shown or as_json or not log.isEnabledFor(logging.INFO)
    return tqdm(
        total=total,
        unit=unit,
        unit_scale=unit in {"B", "char"},
        desc=f"rag: {description}",
        disable=silent,
    )
