"""The one place where the parts meet: question → Answer."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path

from rag import abstention, prompt
from rag.config import Config
from rag.documents import Corpus
from rag.grounding import Grounded, Grounder
from rag.index import Index, open_or_build
from rag.models import EMBEDDER, resolve, resolve_generator
from rag.question import asks_for_a_list, check_question
from rag.retriever import Retriever
from rag.types import (
    Answer,
    Citation,
    Embedder,
    Evidence,
    Generator,
    Hit,
    ModelNames,
    Passage,
    Seconds,
)

log = logging.getLogger(__name__)

_QUOTABLE = 3  # best source sentences that may stand for a draft without support
_FOREIGN_MARKER = re.compile(r"\s*\[\d+\]")
_ENDED = re.compile(r"""[.!?…。！？]["'”’»)\]]*$""")
_DRAFT_WORDS = 60  # that the generator is asked for at most
_NEAR = 0.1  # a second sentence is quoted too, where its score is less than this behind


class Pipeline:
    """Answers questions over one index. Thread-safe as far as its models are."""

    def __init__(
        self, index: Index, embedder: Embedder, generator: Generator, config: Config
    ) -> None:
        self.index = index
        self._retriever = Retriever(index, embedder)
        self._generator = generator
        self._models = ModelNames(generator=generator.name, embedder=embedder.name)
        self._config = config

    @classmethod
    def open(
        cls,
        corpus: Corpus,
        index_folder: Path,
        config: Config,
        generator: str | None = None,
        embedder: str | None = None,
    ) -> Pipeline:
        """Load models, and open the index of ``corpus`` or build it.

        ``generator`` is a size, a folder, a GGUF file or a hub name, ``embedder`` a folder or
        a hub name; None is the default.
        """
        from rag.embedder import load_embedder
        from rag.generator import load_generator

        generator_weights = resolve_generator(generator)
        model = load_embedder(resolve(EMBEDDER, embedder))
        index = open_or_build(index_folder, corpus, model, config)
        return cls(index, model, load_generator(generator_weights), config)

    def ask(self, question: str) -> Answer:
        """Retrieve, draft, check and cite. Raises QuestionError for what is no question."""
        question = check_question(question)
        started = time.perf_counter()
        vector = self._retriever.embed(question)
        hits = self._retriever.search(question, vector, self._config.top_k)
        evidence = self._retriever.evidence(question, vector, hits)
        confidence = abstention.probability(evidence)
        answerable = confidence >= abstention.THRESHOLD
        retrieved = time.perf_counter()
        draft = self._draft(question, evidence) if answerable else ""
        generated = time.perf_counter()
        sentences = self._ground(question, draft, evidence) if answerable else []
        answer, citations = self._cite(sentences)
        ended = time.perf_counter()
        return Answer(
            question=question,
            answer=answer or prompt.REFUSAL,
            refused=not sentences,
            citations=citations,
            passages=tuple(passage(hit) for hit in hits),
            models=self._models,
            seconds=Seconds(
                retrieve=round(retrieved - started, 4),
                generate=round(generated - retrieved, 4),
                ground=round(ended - generated, 4),
                total=round(ended - started, 4),
            ),
            confidence=confidence,
        )

    def _draft(self, question: str, evidence: Sequence[Evidence]) -> str:
        max_words = min(_DRAFT_WORDS, self._config.max_words)
        messages = prompt.messages(question, evidence, max_words)
        # English takes about 1.3 tokens a word, names and numbers more.
        return self._generator.generate(messages, max_new_tokens=2 * max_words)

    def _ground(self, question: str, draft: str, evidence: Sequence[Evidence]) -> list[Grounded]:
        """The supported part of the draft, or else the best source sentences themselves.

        A list is answered by the source sentence that lists most, unless the draft lists as much.
        """
        log.debug("draft: %s", draft)
        grounder = Grounder(question, evidence, self.index.lexical.idf)
        drafted = grounder.ground(draft)
        quotable = [e for e in evidence[:_QUOTABLE] if grounder.is_about(e)]
        if asks_for_a_list(question):
            quotable.sort(key=lambda e: -len(grounder.new_facts(e.text)))
            told = {fact for sentence in drafted for fact in grounder.new_facts(sentence.text)}
            if quotable and len(grounder.new_facts(quotable[0].text)) > len(told):
                drafted = []
        return self._within_max_words(drafted or _quote(grounder, quotable))

    def _within_max_words(self, sentences: Sequence[Grounded]) -> list[Grounded]:
        """The first sentence, and further ones while they fit."""
        lengths = accumulate(len(sentence.text.split()) for sentence in sentences)
        fits = [length <= self._config.max_words for length in lengths]
        return [s for i, s in enumerate(sentences) if i == 0 or fits[i]]

    def _cite(self, sentences: Sequence[Grounded]) -> tuple[str, tuple[Citation, ...]]:
        """Answer text with markers, and what they point at; equal quotes share a marker."""
        citations: dict[tuple[str, int, int], Citation] = {}
        parts = []
        for sentence in sentences:
            markers = ""
            for quote in sentence.quotes:
                key = (quote.doc, quote.start, quote.end)
                if key not in citations:
                    document = self.index.documents[quote.doc]
                    citations[key] = Citation(
                        marker=len(citations) + 1,
                        doc=quote.doc,
                        title=document.title,
                        start=quote.start,
                        end=quote.end,
                        quote=document.text[quote.start : quote.end],
                    )
                markers += f"[{citations[key].marker}]"
            parts.append(f"{_displayed(sentence.text)} {markers}")
        return " ".join(parts), tuple(citations.values())


def _quote(grounder: Grounder, candidates: Sequence[Evidence]) -> list[Grounded]:
    """The first candidate that can stand as an answer, and a second one that is near it."""
    quoted: list[Grounded] = []
    for candidate in candidates:
        if quoted and candidates[0].score - candidate.score >= _NEAR:
            continue
        found = grounder.ground_sentence(candidate.text)
        if found is not None and not any(candidate in said.quotes for said in quoted):
            quoted.append(found)
    return quoted[:2]


def _displayed(sentence: str) -> str:
    """A sentence as part of an answer: on one line, ended, and without markers of its own.

    Markers of a draft or of a document are not ours, and would point at nothing.
    """
    text = _FOREIGN_MARKER.sub("", " ".join(sentence.split()))
    return text if _ENDED.search(text) else text + "."


def passage(hit: Hit) -> Passage:
    """A hit as it is reported beside the answer."""
    chunk = hit.chunk
    return Passage(chunk.doc, chunk.start, chunk.end, chunk.text, round(hit.score, 6))
