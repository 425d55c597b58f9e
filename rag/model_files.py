"""What lies in a model's folder, as its publisher stored it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from tokenizers import Tokenizer

from rag.errors import ModelError

# What a folder may raise when it is read as a model of a kind that it is not.
NOT_READABLE = (
    OSError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    RuntimeError,
    SafetensorError,
    ModelError,
)


def read_json(path: Path) -> Any:  # noqa: ANN401
    """Raises OSError and ValueError."""
    return json.loads(path.read_bytes())


def load_tokenizer(folder: Path) -> Tokenizer:
    """Raises ModelError where the folder has none."""
    try:
        return Tokenizer.from_file(str(folder / "tokenizer.json"))
    except Exception as error:  # tokenizers raises nothing narrower
        raise ModelError(f"{folder} has no tokenizer.json that loads: {error}") from error
