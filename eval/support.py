"""python -m eval.support FOLDER: how well the support score tells supported claims.

FOLDER holds ``claims.jsonl`` (claim, doc, label) and ``docs/``, as WiCE does
(https://arxiv.org/abs/2303.01432). Nothing is fitted; the area under the ROC curve is printed for
supported claims against all others, and against those that are not supported at all.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pydantic import TypeAdapter

from eval.suites import read_rows
from rag.cli import add_quiet_option, configure_logging, run
from rag.documents import load_corpus
from rag.errors import UsageError
from rag.grounding import support_score
from rag.lexical import LexicalIndex
from rag.sentences import split_sentences

_RESAMPLES = 1000


@dataclass(frozen=True, slots=True)
class Claim:
    """A line of ``claims.jsonl``; further fields are passed over."""

    claim: str
    doc: str
    label: str


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(
        prog="python -m eval.support",
        description="How well the support score tells claims that a document supports.",
    )
    made.add_argument("folder", type=Path, help="with claims.jsonl and docs/, as WiCE")
    add_quiet_option(made)
    return made


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit status."""
    return run(parser(), _main, argv)


def _main(options: argparse.Namespace) -> int:
    configure_logging(options.quiet)
    claims = read_claims(options.folder / "claims.jsonl")
    scores = score(claims, options.folder / "docs")
    supported = np.array([claim.label == "supported" for claim in claims])
    refuted = np.array([claim.label == "not_supported" for claim in claims])
    print(f"{len(claims)} claims, AUC [95% of {_RESAMPLES} resamples]")
    print(f"supported, all others:    {describe(supported, scores)}")
    either = supported | refuted
    print(f"supported, not supported: {describe(supported[either], scores[either])}")
    return 0


def read_claims(path: Path) -> list[Claim]:
    """Raises UsageError where there is no such file, or no claim of a label that is compared;
    QuestionFileError for a wrong line."""
    if not path.is_file():
        raise UsageError(f"no {path}; expected claims.jsonl and docs/, as WiCE has them")
    claims = [claim for _, claim in read_rows(TypeAdapter(Claim), path)]
    for label in ("supported", "not_supported"):
        if all(claim.label != label for claim in claims):
            raise UsageError(
                f"{path} has no claim of the label {label!r}, expected at least one; add it"
            )
    return claims


def score(claims: Sequence[Claim], folder: Path) -> npt.NDArray[np.float64]:
    """The support score of each claim by its document, shape (claims,).

    Raises UsageError for a document that is not in the folder.
    """
    corpus = load_corpus(folder)
    sentences = {
        Path(document.id).stem: [span.of(document.text) for span in split_sentences(document.text)]
        for document in corpus.documents
    }
    for claim in claims:
        if claim.doc not in sentences:
            raise UsageError(
                f"a claim's field doc is {claim.doc!r}, expected the name of a file in {folder} "
                f"without its ending; add that file, or drop the claim"
            )
    idf = LexicalIndex.build([s for texts in sentences.values() for s in texts]).idf
    return np.array([support_score(c.claim, sentences[c.doc], idf) for c in claims])


def describe(positive: npt.NDArray[np.bool_], scores: npt.NDArray[np.float64]) -> str:
    """AUC with its bootstrap interval."""
    from sklearn.metrics import roc_auc_score

    rng = np.random.default_rng(0)
    found: list[float] = []
    while len(found) < _RESAMPLES:
        chosen = rng.integers(len(scores), size=len(scores))
        if 0 < positive[chosen].sum() < len(chosen):
            found.append(roc_auc_score(positive[chosen], scores[chosen]))
    low, high = np.quantile(found, (0.025, 0.975))
    return f"{roc_auc_score(positive, scores):.3f} [{low:.3f}, {high:.3f}]"


if __name__ == "__main__":
    sys.exit(main())
