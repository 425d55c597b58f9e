"""Cited question answering over your own files, on your own machine.

    from rag import Pipeline

    pipeline = Pipeline.from_folder("notes")
    print(pipeline.ask("who chairs the board?").answer)

What is named here is loaded when it is first used, so that importing this package is quick.
"""

import os
from importlib import import_module
from typing import TYPE_CHECKING

# Libraries that count their users are told not to, before they are imported.
os.environ.setdefault("DO_NOT_TRACK", "1")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")

if TYPE_CHECKING:
    from rag.config import Config
    from rag.errors import RagError
    from rag.filters import Filter
    from rag.pipeline import Pipeline
    from rag.types import Answer, Citation, Passage
else:
    _MODULES = {
        "Answer": "rag.types",
        "Citation": "rag.types",
        "Config": "rag.config",
        "Filter": "rag.filters",
        "Passage": "rag.types",
        "Pipeline": "rag.pipeline",
        "RagError": "rag.errors",
    }

    def __getattr__(name: str) -> object:
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(_MODULES[name]), name)


__all__ = ["Answer", "Citation", "Config", "Filter", "Passage", "Pipeline", "RagError"]
