"""Ordinary fakes: small, quick, and dependent on the text they are given."""

from __future__ import annotations

import hashlib
import logging
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from rag.terms import terms
from rag.types import Message, QueryVectors, Vectors

ROOT = Path(__file__).parent.parent
SEEDS = ROOT / "seeds"

# The whole suite runs without a network, this process and its children, the commands included.
_CLOSED = ROOT / "tests" / "closed_network"
_REFUSED = Path(tempfile.mkdtemp(), "refused.txt")
os.environ["CLOSED_NETWORK_LOG"] = str(_REFUSED)
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["PYTHONPATH"] = os.pathsep.join(
    [str(_CLOSED), str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
)
sys.path.insert(0, str(_CLOSED))
import closed_network  # noqa: E402, F401


def until(condition: Callable[[], bool], patience: float = 30) -> None:
    """Returns once the condition holds; fails after ``patience`` seconds."""
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


class BagOfWordsEmbedder:
    """Each term adds one to a hashed dimension; texts that share words are near."""

    name = "bag of words"

    def __init__(self, fingerprint: str = "bow-1") -> None:
        self.fingerprint = fingerprint
        self.encoded: list[str] = []

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.encoded += texts
        vectors = np.full((len(texts), 256), 1e-6, dtype=np.float32)
        for row, text in enumerate(texts):
            for term in terms(text):
                digest = hashlib.sha256(term.encode()).digest()
                vectors[row, digest[0]] += 1
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def encode_query(self, question: str) -> QueryVectors:
        return QueryVectors(*[self.encode([question])[0]] * 2)

    def is_word(self, word: str) -> bool:
        return word in {"early", "across", "colder", "faulty"}


class CopyingGenerator:
    """Repeats the passage of the prompt that shares most words with its question."""

    name = "copier"

    def __init__(self) -> None:
        self.prompts: list[str] = []

    def generate(self, messages: Sequence[Message], max_new_tokens: int) -> str:
        prompt = messages[-1]["content"]
        self.prompts.append(prompt)
        body, _, question = prompt.partition("\n\nQuestion: ")
        asked = set(terms(question))
        passages = body.split("\n\n")[1:]
        best = max(passages, key=lambda passage: len(asked & set(terms(passage))))
        return " ".join(best.split()[:max_new_tokens])


class FixedGenerator:
    """Says what the test tells it to."""

    name = "fixed"

    def __init__(self, reply: str) -> None:
        self.reply = reply

    def generate(self, messages: Sequence[Message], max_new_tokens: int) -> str:
        return self.reply


@pytest.fixture(autouse=True)
def _own_logging() -> Iterator[None]:
    """A command's messages go to the standard error of its own test only."""
    logger = logging.getLogger("rag")
    yield
    logger.handlers, logger.propagate = [], True
    logger.setLevel(logging.NOTSET)


@pytest.fixture(autouse=True)
def _asks_nobody() -> Iterator[None]:
    """Fails a test that had a connection refused, also where the attempt was passed over."""
    yield
    refused = _REFUSED.read_text() if _REFUSED.exists() else ""
    _REFUSED.unlink(missing_ok=True)
    assert not refused, f"connections that leave this machine: {refused}"


@pytest.fixture
def corpus_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / "bees.txt").write_text(
        "The life of bees\n\nHoney bees live in colonies of about 50,000 workers. "
        "The queen is called Beatrix. The queen lays up to 2,000 eggs a day in summer.\n",
        encoding="utf-8",
    )
    (folder / "tea.txt").write_text(
        "Notes on tea\n\nGreen tea is steeped at 80 degrees for two minutes. "
        "Ms. Ito of Kyoto exported 12 million tins in 2019. Black tea takes boiling water.\n",
        encoding="utf-8",
    )
    return folder


@pytest.fixture(scope="session")
def tiny_qwen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random-weight Qwen2 that reads single bytes, as small as it gets."""
    from tokenizers.pre_tokenizers import ByteLevel
    from transformers import Qwen2Config, Qwen2ForCausalLM, Qwen2Tokenizer

    folder = tmp_path_factory.mktemp("tiny")
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    words = [*special, *sorted(ByteLevel.alphabet())]
    vocabulary = {word: number for number, word in enumerate(words)}
    fast = Qwen2Tokenizer(vocab=vocabulary, merges=[])
    fast.chat_template = "{% for m in messages %}{{ m['content'] }} {% endfor %}"
    fast.save_pretrained(folder)
    config = Qwen2Config(
        vocab_size=len(words),
        hidden_size=16,
        intermediate_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        eos_token_id=0,
        pad_token_id=0,
    )
    Qwen2ForCausalLM(config).save_pretrained(folder)
    return folder
