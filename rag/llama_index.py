"""The search as a retriever of LlamaIndex (the extra ``llama-index``)."""

from __future__ import annotations

from llama_index.core.retrievers import BaseRetriever
from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode

from rag.adapters import described
from rag.pipeline import Pipeline


class RagRetriever(BaseRetriever):
    """Finds passages; each is ``[start:end]`` of the text of document ``doc``, as metadata say.

    ``k`` is how many, by default the pipeline's ``config.top_k``. A larger score is better.
    """

    def __init__(self, pipeline: Pipeline, k: int | None = None) -> None:
        super().__init__()
        self._pipeline = pipeline
        self._k = k

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        return [
            NodeWithScore(
                node=TextNode(
                    id_=place,
                    text=passage.text,
                    start_char_idx=passage.start,
                    end_char_idx=passage.end,
                    metadata=metadata,
                ),
                score=passage.score,
            )
            for place, passage, metadata in described(
                self._pipeline, query_bundle.query_str, self._k
            )
        ]
