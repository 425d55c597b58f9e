"""The one place where the parts meet: question → Answer."""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Generator as Steps
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from rag import prompt
from rag.abstention import NO_JUDGE, Calibration, Signals, load_calibration, signals
from rag.citing import cite, passage, passages
from rag.cli import index_folder
from rag.config import Config, require_in_bounds
from rag.conversation import Asked, understood
from rag.documents import Corpus
from rag.filters import Filter
from rag.grounding import Grounded, Grounder
from rag.judging import judge_evidence
from rag.known_texts import read_corpus
from rag.language_models import NO_GENERATOR, find_generator
from rag.milvus_address import MilvusAddress
from rag.milvus_open import open_milvus
from rag.models import EMBEDDER, resolve
from rag.parallel import in_order
from rag.premise import objection
from rag.question import asks_for_a_list, check_question
from rag.refusal import REFUSAL, not_told, reason
from rag.retriever import Retriever
from rag.search_index import SearchIndex
from rag.types import (
    Answer,
    Embedder,
    Evidence,
    Generator,
    Hit,
    Judge,
    ModelNames,
    Part,
    Passage,
    Seconds,
    Stage,
)
from rag.writing import (
    Margins,
    count_facts,
    count_words,
    disputed,
    quote,
    with_foreign_markers,
    within,
    without_markers,
)

log = logging.getLogger(__name__)

Result = TypeVar("Result")
Work = Steps[Stage, None, Result]  # yields each stage when it begins, and returns its result
_QUOTABLE = 3  # best source sentences that may stand for a draft without support
_COMPARED = 6  # … and that may say otherwise than the one that is quoted
DRAFT_WORDS = 60  # that the generator is asked for at most
SEARCHED = 16  # chunks whose sentences are candidates
# By log odds of a judge, or by the retriever's score (eval/LOG.md).
_JUDGED_MARGINS = Margins(near=1.0, further=2.0, contradicting=3.0, weakest=-3.0, doubtful=-1.5)
_MARGINS = Margins(near=0.1, further=0.2, contradicting=0.2, weakest=0.0, doubtful=0.0)


@dataclass(frozen=True, slots=True)
class _Found:
    """What is known of one part of a question before anything is written."""

    asked: Asked
    hits: list[Hit]
    evidence: list[Evidence]  # best first
    objection: str  # what speaks against an answer, or ""
    signals: Signals | None


class _Clock:
    """Wall-clock seconds, added up by stage."""

    def __init__(self) -> None:
        self._started = self._last = time.perf_counter()
        self._spent: defaultdict[str, float] = defaultdict(float)

    def lap(self, stage: str) -> None:
        """Count the time since the last lap as that of ``stage``."""
        now = time.perf_counter()
        self._spent[stage] += now - self._last
        self._last = now

    def seconds(self) -> Seconds:
        spent = {stage: round(seconds, 4) for stage, seconds in self._spent.items()}
        return Seconds(
            retrieve=spent.get("retrieve", 0.0),
            judge=spent.get("judge", 0.0),
            generate=spent.get("generate", 0.0),
            ground=spent.get("ground", 0.0),
            total=round(time.perf_counter() - self._started, 4),
        )


class Pipeline:
    """Answers questions over one index. Thread-safe as far as its models are."""

    def __init__(
        self,
        index: SearchIndex,
        embedder: Embedder,
        generator: Generator | None,
        config: Config,
        judge: Judge | None = None,
        calibration: Calibration | None = None,
    ) -> None:
        self.index = index
        self.embedder = embedder
        self._retriever = Retriever(index, embedder)
        self._generator = generator
        self._judge = judge
        self._margins = _MARGINS if judge is None else _JUDGED_MARGINS
        self.judge = judge.name if judge else NO_JUDGE  # its name
        self._calibration = calibration or load_calibration(self.judge)
        name = generator.name if generator else NO_GENERATOR
        self.models = ModelNames(name, embedder.name, self.judge)
        self.config = config

    @classmethod
    def open(
        cls,
        corpus: Corpus,
        index_folder: Path,
        config: Config,
        generator: str | None = None,
        embedder: str | None = None,
        lazy: bool = False,
    ) -> Pipeline:
        """Load models, and open the index of ``corpus`` or build it.

        ``generator`` is a size, a folder, a GGUF file, a hub name or ``openai:URL#MODEL``,
        ``embedder`` a folder or a hub name; None is the default. With the generator "none" no
        language model is loaded at all: answers are source sentences, and there is no judge.
        With ``lazy`` the one that writes is not loaded before an answer needs it: the first answer
        comes three seconds earlier; the first that is written, three seconds later, counts them as
        generating.
        """

        def open_index(made: Embedder) -> SearchIndex:
            from rag.index import open_or_build  # imports FAISS and bm25s, while the judge loads

            return open_or_build(index_folder, corpus, made, config)

        return cls._over(open_index, config, generator, embedder, lazy)

    @classmethod
    def open_milvus(
        cls,
        index: str,
        config: Config | None = None,
        generator: str | None = None,
        embedder: str | None = None,
        lazy: bool = False,
    ) -> Pipeline:
        """Load models, and open an index that ``python -m rag.build`` filled on Milvus.

        ``index`` is ``milvus:FILE.db#NAME`` or ``milvus:URL#NAME``; models are chosen as for
        ``open``. Raises RagError for whatever of this fails.
        """
        address = MilvusAddress.parse(index)
        config = config or Config()
        return cls._over(
            lambda made: open_milvus(address, made, config), config, generator, embedder, lazy
        )

    @classmethod
    def _over(
        cls,
        open_index: Callable[[Embedder], SearchIndex],
        config: Config,
        generator: str | None,
        embedder: str | None,
        lazy: bool,
    ) -> Pipeline:
        from rag.embedder import load_embedder
        from rag.judge import find_judge

        with ThreadPoolExecutor(1) as beside:
            # Most of a start is the judge's work in torch, which leaves a core to the rest.
            judge = beside.submit(
                find_judge(generator) if generator != NO_GENERATOR else lambda: None
            )
            load = find_generator(generator, lazy)
            vectors = load_embedder(resolve(EMBEDDER, embedder))
            index = open_index(vectors)
            return cls(index, vectors, load(), config, judge.result())

    @classmethod
    def from_folder(
        cls,
        folder: str | Path,
        index: str | Path | None = None,
        config: Config | None = None,
        generator: str | None = None,
        embedder: str | None = None,
        lazy: bool = False,
    ) -> Pipeline:
        """Read the files of a folder, load models, and open the index or build it.

        ``index`` is the folder of the index, by default the one in ./indexes that the commands
        use. Models are chosen as for ``open``. Files that are left out are named by a warning of
        the logger "rag". Raises RagError for whatever of this fails.
        """
        root = Path(folder).expanduser()
        place = index_folder(root, None) if index is None else Path(index).expanduser()
        corpus = read_corpus(root, place)
        for skipped in corpus.skipped:
            log.warning("skipped %s: %s", skipped.path, skipped.reason)
        return cls.open(corpus, place, config or Config(), generator, embedder, lazy)

    def on(self, index: SearchIndex) -> Pipeline:
        """The same models over another index, made with the same embedder."""
        return Pipeline(
            index,
            self.embedder,
            self._generator,
            self.config,
            self._judge,
            self._calibration,
        )

    def only(self, wanted: Filter) -> Pipeline:
        """The same models over those documents of the index that ``wanted`` admits."""
        return self.on(self.index.only(wanted))

    def ask(self, question: str, history: Sequence[str] = ()) -> Answer:
        """Retrieve, judge, draft, check and cite, for each part of the question.

        ``history`` holds the questions asked before, oldest first; see ``rag.conversation``.
        Raises QuestionError for what is no question.
        """
        *_, answer = self.steps(question, history)
        assert isinstance(answer, Answer)  # as steps promises
        return answer

    def ask_many(self, questions: Iterable[str], concurrency: int = 1) -> Iterator[Answer]:
        """Answers in the order of the questions, ``concurrency`` of them at work at a time.

        More than one pays where a server generates: its replies are then waited for together.
        Questions are read as they are needed, so there may be any number. Raises UsageError at
        once for a concurrency out of bounds, and what ``ask`` raises in the place of an answer.
        """
        return in_order((partial(self.ask, question) for question in questions), concurrency)

    def retrieve(self, question: str, k: int | None = None) -> list[Passage]:
        """The k passages nearest to the question (by default ``config.top_k``), best first.

        They are found, but not judged: there are some for any question. Raises QuestionError, and
        UsageError for a ``k`` that ``top_k`` may not be (1 to 50).
        """
        k = self.config.top_k if k is None else k
        require_in_bounds("top_k", k)
        question = check_question(question)
        vectors = self._retriever.embed(question)
        return [passage(hit) for hit in self._retriever.search(question, vectors, k)]

    def steps(self, question: str, history: Sequence[str] = ()) -> Iterator[Stage | Answer]:
        """What ``ask`` does: each stage when it begins, and at last the answer.

        Of a question in parts, the answer to the first parts comes before work on the next begins.
        Whoever stops iterating stops the work, at the end of a stage.
        """
        question = check_question(question)
        clock = _Clock()
        parts = understood(question, history)
        max_words = self.config.max_words // len(parts)
        found: list[_Found] = []
        written: list[list[Grounded]] = []
        for number, asked in enumerate(parts, start=1):
            found.append((yield from self._find(asked, clock)))
            written.append((yield from self._write(found[-1], max_words, clock)))
            if any(written) or number == len(parts):
                yield self._answer(question, found, written, clock)

    def signals(self, question: str, history: Sequence[str] = ()) -> Signals | None:
        """What the refusal of the question's first part is decided by."""
        asked = understood(check_question(question), history)[0]
        return _result(self._find(asked, _Clock())).signals

    def _answer(
        self,
        question: str,
        found: Sequence[_Found],
        written: Sequence[list[Grounded]],
        clock: _Clock,
    ) -> Answer:
        parts = tuple(
            self._part(part, bool(sentences))
            for part, sentences in zip(found, written, strict=True)
        )
        refused = not any(written)
        # Two parts may be answered by the same sentence.
        said = {sentence.text: sentence for sentences in written for sentence in sentences}
        text, citations = cite(list(said.values()), self.index.documents)
        doubtful = {
            (sentence.quotes[0].doc, sentence.quotes[0].start)
            for part, sentences in zip(found, written, strict=True)
            for sentence in disputed(part.asked.standalone, sentences, self._margins)
        }
        if not refused:
            missing = [not_told(p.question) for p in parts if not p.answered]
            text = " ".join([text, *(with_foreign_markers(part) for part in missing)])
        return Answer(
            question=question,
            answer=REFUSAL if refused else text,
            refused=refused,
            citations=citations,
            passages=tuple(passages(hit for part in found for hit in part.hits)),
            models=self.models,
            seconds=clock.seconds(),
            confidence=min(part.confidence for part in parts if refused or part.answered),
            parts=parts,
            conflict=tuple(c.marker for c in citations if (c.doc, c.start) in doubtful),
        )

    def _find(self, asked: Asked, clock: _Clock) -> Work[_Found]:
        yield "searching"
        asked, hits, evidence = self._search(asked)
        question = asked.standalone
        clock.lap("retrieve")
        log_odds: list[float] = []
        if self._judge is not None:
            yield "reading"
            evidence, log_odds = judge_evidence(self._judge, question, evidence)
        clock.lap("judge")
        against = objection(question, evidence)
        found = signals(evidence, log_odds, bool(against))
        return _Found(asked, hits[: self.config.top_k], evidence, against, found)

    def _search(self, asked: Asked) -> tuple[Asked, list[Hit], list[Evidence]]:
        """The question in the corpus's own spelling, and what is found for it."""
        k = max(self.config.top_k, SEARCHED)
        hits, evidence = self._retriever.find(asked.standalone, k)
        spelt = self._retriever.spelt(asked.standalone, hits)
        if spelt.lower() != asked.standalone.lower():
            hits, evidence = self._retriever.find(spelt, k)
        return replace(asked, standalone=spelt), hits, evidence

    def _part(self, found: _Found, answered: bool) -> Part:
        question, likely = found.asked.standalone, self._probability(found)
        if answered:
            return Part(question, True, likely)
        why = found.objection or reason(
            question, found.evidence, likely, self._calibration.threshold
        )
        return Part(question, False, likely, why)

    def _probability(self, found: _Found) -> float:
        return self._calibration.probability(found.signals)

    def _write(self, found: _Found, max_words: int, clock: _Clock) -> Work[list[Grounded]]:
        """The sentences that answer, each proven; none where the corpus does not tell.

        Short source sentences are their own best answer: they are right whenever they were well
        chosen. Long ones give way to a draft, as far as that is proven; never two that disagree, of
        which a draft tells one. A list is answered by the source sentence that lists most, unless
        the draft lists as much.
        """
        if self._probability(found) < self._calibration.threshold:
            return []
        judged = self._judge is not None
        grounder = Grounder(found.asked.standalone, found.evidence, self.index.idf, judged)
        # A judge has read what a sentence is about; without one, the names must tell.
        best = found.evidence[:_COMPARED]
        others = [e for e in best if judged or grounder.is_about(e)]
        quotable = [e for e in others if e in best[:_QUOTABLE]]
        listed = asks_for_a_list(found.asked.text)
        if listed:
            quotable.sort(key=lambda e: -len(grounder.new_facts(e.text)))
        yield "checking"
        quoted = quote(grounder, found.asked.text, quotable, self._margins, others)
        clock.lap("ground")
        told = 0 < count_words(quoted) <= self.config.quote_words
        if (
            self._generator is None
            or told
            or disputed(found.asked.standalone, quoted, self._margins)
        ):
            return within(max_words, quoted)
        yield "writing"
        draft = _draft(self._generator, found, min(DRAFT_WORDS, max_words))
        clock.lap("generate")
        yield "checking"
        drafted = grounder.ground(draft)
        if listed and quoted and count_facts(grounder, drafted) < count_facts(grounder, quoted[:1]):
            drafted = []
        clock.lap("ground")
        return within(max_words, drafted or quoted)


def _result(work: Work[Result]) -> Result:
    """What the work comes to, its stages passed over."""
    while True:
        try:
            next(work)
        except StopIteration as done:
            result: Result = done.value
            return result


def _draft(generator: Generator, found: _Found, max_words: int) -> str:
    messages = prompt.messages(found.asked.standalone, found.evidence, max_words)
    # English takes about 1.3 tokens a word, names and numbers more.
    draft = generator.generate(messages, max_new_tokens=2 * max_words)
    log.debug("draft: %s", draft)
    return without_markers(draft)
