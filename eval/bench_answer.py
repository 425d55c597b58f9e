"""What an answer costs, stage by stage, beside plain generation and the machine's own limits."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import torch

from eval.suites import ARTICLES, own_suite
from eval.systems import single_prompt
from eval.timing import Seconds, Stopwatch, peak_memory_gb, spread, times_as_fast
from rag import prompt
from rag.config import Config
from rag.documents import load_corpus
from rag.embedder import load_embedder
from rag.generator import TransformersGenerator, load_generator
from rag.grounding import Grounder
from rag.index import open_or_build
from rag.judge import find_judge
from rag.judging import judge_evidence
from rag.models import EMBEDDER, resolve, resolve_generator
from rag.pipeline import DRAFT_WORDS, SEARCHED, Pipeline
from rag.retriever import Retriever
from rag.types import Message

_CHUNKS, _TOKENS = 4, 64  # of plain generation
_IMPORTS = "import faiss, safetensors, tokenizers, torch"


def bench_start(rounds: int) -> dict[str, Any]:
    """A whole process until its first answer, beside the imports that it cannot do without."""
    ask = [sys.executable, "-m", "rag.ask", "--quiet", "what are the Four Little Dragons?"]
    watch = Stopwatch()
    _run(ask)  # what is made once: weights, index, the disk's cache
    watch.alternate(
        {"rag.ask": lambda: _run(ask), "imports": lambda: _run([sys.executable, "-c", _IMPORTS])},
        rounds,
    )
    times = watch.seconds()
    return {
        "seconds": spreads(times),
        "times_the_imports": 1 / times_as_fast(times["rag.ask"], times["imports"]),
    }


def bench_answer(rounds: int) -> dict[str, Any]:
    """Development questions, each by the pipeline, by its parts, and by plain generation."""
    embedder = load_embedder(resolve(EMBEDDER))
    index = open_or_build(Path("indexes/seeds"), load_corpus(ARTICLES), embedder, Config())
    generator = load_generator(resolve_generator())
    judge = find_judge()()
    pipeline = Pipeline(index, embedder, generator, Config(), judge)
    retriever = Retriever(index, embedder)
    watch = Stopwatch()

    def whole(question: str) -> None:
        """An answer, and plain generation."""
        hits = retriever.search(question, retriever.embed(question), _CHUNKS)
        plain = single_prompt(question, hits)
        watch.alternate(
            {
                "total": lambda: pipeline.ask(question),
                "plain generation": lambda: generate(generator, plain, _TOKENS),
            },
            1,
        )

    def parts(question: str) -> list[Message]:
        """The parts of an answer; returns the prompt of a draft."""
        vectors = watch.time("embed", lambda: retriever.embed(question))
        hits = watch.time("search", lambda: retriever.search(question, vectors, SEARCHED))
        found = watch.time("evidence", lambda: retriever.evidence(question, vectors, hits))
        if judge is not None:
            watch.time("judge", lambda: judge_evidence(judge, question, found))
        grounder = Grounder(question, found, index.lexical.idf)
        watch.time("ground", lambda: grounder.ground_sentence(found[0].text))
        return prompt.messages(question, found, DRAFT_WORDS)

    machine = limit_arms(generator.model.dtype)
    lengths: list[int] = []
    tokens: list[int] = []
    for question in _questions(rounds):
        whole(question)
        messages = parts(question)
        read, _ = watch.time("first token", partial(generate, generator, messages, 1))
        _, written = watch.time("one by one", partial(generate, generator, messages, _TOKENS))
        watch.alternate(machine, 1)
        watch.time("draft", partial(generator.generate, messages, _TOKENS))
        lengths.append(read)
        tokens.append(written)
    times = watch.seconds(warm_up=1)
    return {
        "seconds": spreads(times),
        "as_fast_as_plain_generation": times_as_fast(times["total"], times["plain generation"]),
        "draft_as_fast_as_one_by_one": times_as_fast(times["draft"], times["one by one"]),
        **limits(generator.model, times, lengths[1:], tokens[1:]),
        "peak_memory_gb": peak_memory_gb(),
        "every_total": times["total"],
    }


def _run(command: Sequence[str]) -> None:
    subprocess.run(command, check=True, capture_output=True)


def _questions(rounds: int) -> list[str]:
    """Development questions, evenly drawn; the first is to warm up."""
    suite = own_suite()
    asked = [q.question for q in suite.questions if suite.split[q.id] == "dev"]
    return [asked[0], *asked[:: max(1, len(asked) // rounds)][:rounds]]


def spreads(times: Seconds) -> dict[str, Any]:
    """As JSON."""
    return {stage: asdict(spread(seconds)) for stage, seconds in times.items()}


def generate(
    generator: TransformersGenerator, messages: Sequence[Message], most: int
) -> tuple[int, int]:
    """Greedily, one token after the other. Returns the numbers of tokens read and written."""
    inputs = generator.tokenizer.apply_chat_template(
        [{"role": m["role"], "content": m["content"]} for m in messages],
        add_generation_prompt=True,
        return_tensors="pt",
        return_dict=True,
    )
    assert not isinstance(inputs, (str, list))  # as return_dict promises
    with torch.inference_mode():
        output = generator.model.generate(  # type: ignore[operator]
            **inputs,
            max_new_tokens=most,
            do_sample=False,
            pad_token_id=generator.tokenizer.eos_token_id,
        )
    read = int(inputs["input_ids"].shape[1])
    return read, int(output.shape[1]) - read


# --- the machine's own limits -----------------------------------------------------------------

_SIDE = 2048  # of a matrix that fits no cache
_NUMBERS = 2**26  # float32


def limit_arms(dtype: torch.dtype) -> dict[str, Callable[[], object]]:
    """What the machine is held against: multiplying matrices, and reading memory."""
    one, other = torch.ones(_SIDE, _SIDE, dtype=dtype), torch.ones(_SIDE, _SIDE, dtype=dtype)
    return {"matrix product": lambda: one @ other, "memory sum": torch.ones(_NUMBERS).sum}


def limits(
    model: torch.nn.Module, times: Seconds, read: Sequence[int], written: Sequence[int]
) -> dict[str, Any]:
    """How near reading and writing come to what the machine can multiply, and can read.

    ``read`` and ``written`` count tokens. Reading a prompt takes two operations for each token and
    weight, of those that multiply each token; writing a token takes reading every weight once. int8
    weights are no parameters, so then these shares are too small. Medians over rounds.
    """
    weights = dict(model.named_parameters())
    only_once = ("model.embed_tokens.", "lm_head.")  # looked up, or multiplied for the last token
    each_token = sum(w.numel() for name, w in weights.items() if not name.startswith(only_once))
    size = sum(weight.nbytes for weight in weights.values())
    flops = [2 * _SIDE**3 / s for s in times["matrix product"]]
    rates = [4 * _NUMBERS / s for s in times["memory sum"]]  # bytes a second
    first = times["first token"]
    prefill = [count / s for count, s in zip(read, first, strict=True)]
    # Where a reply is one token long, nothing was written after the first.
    decode = [
        (count - 1) / (s - f) if count > 1 else 0.0
        for count, s, f in zip(written, times["one by one"], first, strict=True)
    ]
    return {
        "matrix_gflops": median(flops) / 1e9,
        "memory_gb_per_second": median(rates) / 1e9,
        "prefill_tokens_per_second": median(prefill),
        "prefill_share_of_limit": _median_ratio([2 * each_token * p for p in prefill], flops),
        "decode_tokens_per_second": median(decode),
        "decode_share_of_limit": _median_ratio([size * d for d in decode], rates),
    }


def _median_ratio(own: Sequence[float], most: Sequence[float]) -> float:
    return median(o / m for o, m in zip(own, most, strict=True))
