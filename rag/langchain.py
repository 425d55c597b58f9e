"""The search as a retriever of LangChain (the extra ``langchain``)."""

from __future__ import annotations

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever

from rag.adapters import described
from rag.pipeline import Pipeline


class RagRetriever(BaseRetriever):
    """Finds passages; each is ``[start:end]`` of the text of document ``doc``, as metadata say.

    ``k`` is how many, by default the pipeline's ``config.top_k``. A larger score is better.
    """

    pipeline: Pipeline
    k: int | None = None

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun
    ) -> list[Document]:
        return [
            Document(id=place, page_content=passage.text, metadata=metadata)
            for place, passage, metadata in described(self.pipeline, query, self.k)
        ]
