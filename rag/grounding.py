"""Draft sentence → the source sentences that support it, or nothing.

The rules are lexical on purpose: they can be read, they cost microseconds, and they fail towards
silence. That is cheap, because a draft that is not proven is replaced by the source itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise, product

from rag.claims import currencies, names, negates, numbers, percents, share_of_names
from rag.retriever import covered
from rag.sentences import split_sentences
from rag.terms import STOPWORDS, stem, terms, tokens
from rag.types import Evidence
from rag.windows import neighbours

# Share of the words beyond the question, by IDF, that must stand in the quotes themselves: with
# less, the draft has too much of its own.
MIN_SUPPORT = 0.75
# Share of all words that must stand in the quotes or before them: it keeps "DingTalk has 1688
# employees" from being proven by a sentence that is not about employees.
MIN_CONTEXT = 0.85
# Shares, too, for a second source: of the question's words, of which verbs seldom return, and of
# what the sentence adds, since names alone are shared by sentences on different matters.
MIN_SHARED = 0.5
# What the quotes add to the question, as a multiple of the largest IDF in the evidence: it keeps
# "The Four Little Dragons of Alibaba are the Four Little Dragons" from being an answer.
MIN_INFORMATION = 0.7
_QUOTES = 3  # sentences that may together support a claim
_FRAGMENT = 3  # words, stop words not counted, up to which a draft is no full sentence
_NEIGHBOUR_CHARS = 3  # between two sentences that may be quoted together


@dataclass(frozen=True, slots=True)
class Grounded:
    """A sentence and its quotes, strongest first; ``support`` is 0 to 1."""

    text: str
    quotes: tuple[Evidence, ...]
    support: float


class Grounder:
    """Checks sentences against candidate evidence for one question."""

    def __init__(
        self,
        question: str,
        evidence: Sequence[Evidence],
        idf: Callable[[str], float],
        judged: bool = False,
    ) -> None:
        """``judged`` tells that a judge has read the evidence, and what each sentence is about."""
        self._judged = judged
        self._question = question
        self._asked = set(terms(question))
        self._asked_names = names(question)
        self._asked_numbers = numbers(question)
        self._asked_currencies = currencies(question)
        self.evidence = evidence
        self._idf = idf
        self._largest_idf = max((idf(term) for e in evidence for term in terms(e.text)), default=0)

    def ground(self, draft: str) -> list[Grounded]:
        """The supported sentences of the draft, in order, none twice."""
        sentences = dict.fromkeys(span.of(draft) for span in split_sentences(draft))
        grounded = (self.ground_sentence(sentence) for sentence in sentences)
        return [found for found in grounded if found is not None]

    def ground_sentence(self, sentence: str) -> Grounded | None:
        """The sentence with the source sentence, or else two neighbours, that support it best,
        and with what other documents say to the same effect; None where nothing supports it."""
        support, quotes = self._best(sentence, ((e,) for e in self.evidence))
        if not support:
            support, quotes = self._best(sentence, neighbours(self.evidence, _NEIGHBOUR_CHARS))
        if not support:
            return None
        docs = {quote.doc for quote in quotes}
        for evidence in self.evidence:  # best first
            if evidence.doc not in docs and self.corroborates(sentence, evidence):
                quotes = (*quotes, evidence)
                docs.add(evidence.doc)
        return Grounded(sentence, quotes, support)

    def support(self, sentence: str, quotes: Sequence[Evidence]) -> float:
        """How far the quotes say the sentence: 0 when they do not, else MIN_SUPPORT to 1."""
        said = " ".join(quote.text for quote in quotes)
        read = " ".join(quote.context for quote in quotes)
        if not self._agrees(sentence, said):
            return 0.0
        # A name of the question may stand just before the quote ("He …"), not nowhere near it.
        asked = set(tokens(self._question)) & set(tokens(read))
        # The first word of a sentence is a name where the question writes it as one.
        named = names(sentence) | (self._asked_names & set(tokens(sentence)))
        if not named <= set(tokens(said)) | asked:
            return 0.0
        # … and where it stands nowhere, it may be one: "Google acquired …" of another company.
        if not set(terms(sentence)[:1]) <= set(terms(read)):
            return 0.0
        words, quoted = set(terms(sentence)), set(terms(said))
        new = words - self._asked
        if sum(map(self._idf, new & quoted)) < MIN_INFORMATION * self._largest_idf:
            return 0.0
        # A fragment ("In 2025.") says what the question says, so that must stand there, too; but
        # "It employs 1900 people" is whole where a judge read it after what it stands behind.
        whole = len(words) > _FRAGMENT or (self._judged and sentence == said)
        claimed = words if whole else words | self._asked
        if covered(claimed, set(terms(read)), self._idf) < MIN_CONTEXT:
            return 0.0
        if leaps_over_a_name(sentence, said):
            return 0.0
        support = covered(new, quoted, self._idf)
        return support if support >= MIN_SUPPORT else 0.0

    def new_facts(self, text: str) -> set[str]:
        """Names and numbers that the text adds to the question, as terms."""
        found = {term for name in names(text) for term in terms(name)}
        found |= {token for token in tokens(text) if token[0].isdigit()}
        return found - self._asked

    def is_about(self, evidence: Evidence) -> bool:
        """Whether at least half of the names in the question stand in the sentence or before it.

        A word of the question is a name when it is written as one there or in any evidence, so
        that "how many users has dingtalk" is about DingTalk.
        """
        return share_of_names(self._wanted, set(tokens(evidence.context))) >= 0.5

    @cached_property
    def _wanted(self) -> set[str]:
        written = names(" ".join(e.text for e in self.evidence))
        return self._asked_names | (set(tokens(self._question)) - STOPWORDS) & written

    def corroborates(self, sentence: str, evidence: Evidence) -> bool:
        """Whether another source tells the same: the names and numbers that answer, mostly in
        the quote itself, as well as half of what else is told; the question's words in it or
        before it, also those numbers that are repeated; and nothing against it."""
        facts, told = self.new_facts(sentence), set(terms(evidence.text))
        return (
            bool(facts)
            and covered(facts, told, self._idf) >= MIN_SUPPORT
            and covered(set(terms(sentence)) - self._asked, told, self._idf) >= MIN_SHARED
            and covered(self._asked, set(terms(evidence.context)), self._idf) >= MIN_SHARED
            and numbers(sentence) <= numbers(evidence.context)
            and self._agrees(sentence, evidence.text)
            and not leaps_over_a_name(sentence, evidence.text)
        )

    def _agrees(self, sentence: str, said: str) -> bool:
        """Whether the numbers and units beyond the question's are there, and "not" in both or
        neither."""
        return (
            numbers(sentence) <= numbers(said) | self._asked_numbers
            and currencies(sentence) <= currencies(said) | self._asked_currencies
            # "By how many percent?" is asked of percentage points, too: no unit to take over.
            and percents(sentence) <= percents(said)
            and negates(sentence) == negates(said)
        )

    def _best(
        self, sentence: str, candidates: Iterable[tuple[Evidence, ...]]
    ) -> tuple[float, tuple[Evidence, ...]]:
        scored = ((self.support(sentence, quotes), quotes) for quotes in candidates)
        return max(scored, key=lambda pair: pair[0], default=(0.0, ()))


def support_score(claim: str, sentences: Sequence[str], idf: Callable[[str], float]) -> float:
    """How far a text supports a claim, 0 to 1, by what ``Grounder.support`` decides by.

    Half of it is the share of the claim's words, by IDF, in the three sentences that hold most of
    them; a quarter each the shares of its numbers and of its names in the whole text.
    """
    words = set(terms(claim))
    held = [set(terms(sentence)) for sentence in sentences]
    found: set[str] = set()
    for _ in range(_QUOTES):
        found |= max(held, key=lambda more: covered(words, found | more, idf), default=set())
    text = " ".join(sentences)
    shares = (
        (numbers(claim), numbers(text)),
        (names(claim), set(tokens(text))),
    )
    exact = [len(wanted & there) / len(wanted) if wanted else 1.0 for wanted, there in shares]
    return (2 * covered(words, found, idf) + sum(exact)) / 4


def leaps_over_a_name(sentence: str, source: str) -> bool:
    """Whether words that stand side by side in ``sentence`` have another name or number between
    them in ``source``.

    "Ma is the president of Xianyu" leaps over Li Shan in "accompanying Ma is Li Shan, president
    of Xianyu": the words are all there, the statement is not.
    """
    own = [stem(token) for token in tokens(sentence) if token not in STOPWORDS]
    words = [stem(token) for token in tokens(source)]
    hard = {stem(token) for token in names(source)} | {w for w in words if w[0].isdigit()}
    places = {word: [i for i, w in enumerate(words) if w == word] for word in set(own)}
    for left, right in pairwise(word for word in own if places[word]):
        i, j = min(product(places[left], places[right]), key=lambda pair: abs(pair[0] - pair[1]))
        between = words[min(i, j) + 1 : max(i, j)]
        if any(word in hard and word not in own for word in between):
            return True
    return False
