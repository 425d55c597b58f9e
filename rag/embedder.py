"""Texts → unit vectors: several by sentence-transformers (and nowhere else), one by rag.encoder."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rag.arithmetic import mixed_arithmetic
from rag.encoder import Encoder, load_encoder
from rag.errors import ModelError
from rag.hub import hide_loading_bars
from rag.low_rank import Corrections, Stored
from rag.model_files import NOT_READABLE
from rag.once import Once
from rag.types import QueryVectors, Vectors
from rag.weights import Gguf, Weights

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

log = logging.getLogger(__name__)

QUERY_FILE = Path(__file__).with_name("query.safetensors")  # by python -m eval.train_query
_BATCH = 8  # what is between two layers stays in the cache: 1.2 times as fast as 32


class SentenceEmbedder:
    """Reimers & Gurevych 2019, https://arxiv.org/abs/1908.10084; mean pooling, cosine.

    A text alone, as a question is, goes through the ``encoder`` where there is one; ``model`` is
    loaded when there are several. Their vectors differ by what rounding does.
    """

    def __init__(
        self,
        model: Once[SentenceTransformer],
        encoder: Encoder | None,
        name: str,
        fingerprint: str,
    ) -> None:
        self._model = model
        self._encoder = encoder
        self.name = name
        self.fingerprint = fingerprint

    def load(self) -> None:
        """Load at once what several texts need; ModelError where it does not load."""
        self._model()

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, float32, shape (len(texts), dimension); no text gives no rows.

        Raises ModelError where the model does not load.
        """
        if self._encoder and len(texts) == 1:
            return self._encoder.encode(texts[0])
        if self._encoder and not texts:
            return np.zeros((0, self._encoder.dimension), dtype=np.float32)
        model = self._model()
        if not texts:
            return np.zeros((0, model.get_embedding_dimension() or 0), dtype=np.float32)
        with mixed_arithmetic():
            encoded = model.encode(
                list(texts), batch_size=_BATCH, convert_to_numpy=True, show_progress_bar=False
            )
        vectors: Vectors = np.asarray(encoded, dtype=np.float32)
        unit: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return unit

    def encode_query(self, question: str) -> QueryVectors:
        """The second vector is another where there are corrections for these weights."""
        if self._encoder:
            return self._encoder.encode_query(question)
        (vector,) = self.encode([question])
        return QueryVectors(vector, vector)

    def is_word(self, word: str) -> bool:
        """Whether it is a token of its own."""
        if self._encoder:
            return self._encoder.is_word(word)
        return len(self._model().tokenizer.tokenize(word)) == 1


def load_embedder(weights: Weights) -> SentenceEmbedder:
    """Load on the CPU.

    Raises ModelError when the folder is no sentence-transformers model, and where the file of what
    was trained for questions is damaged.
    """
    folder = weights.source
    if isinstance(folder, Gguf):
        raise ModelError(f"{weights.name}: an embedder is a folder, not a GGUF file")
    encoder, model = load_encoder(folder, _corrections(weights)), Once(partial(_load, folder))
    made = SentenceEmbedder(model, encoder, weights.name, weights.fingerprint)
    if encoder is None:
        made.load()
    return made


def _corrections(weights: Weights) -> Corrections | None:
    stored = Stored.load(QUERY_FILE)
    if weights.fingerprint in stored.about.get("fingerprints", "").split():
        return stored.tensors
    log.info("%s: questions have one vector, nothing was trained for a second", weights.name)
    return None


def _load(folder: Path) -> SentenceTransformer:
    hide_loading_bars()
    from sentence_transformers import SentenceTransformer

    try:
        return SentenceTransformer(
            str(folder),
            device="cpu",
            local_files_only=True,
            trust_remote_code=False,
            model_kwargs={"dtype": "float32"},
        )
    except NOT_READABLE as error:
        raise ModelError(f"{folder} does not load as an embedder: {error}") from error
