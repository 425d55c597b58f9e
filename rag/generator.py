"""Chat prompt → text, by transformers (and nowhere else), greedily, on the CPU."""

from __future__ import annotations

import hashlib
import logging
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from rag.arithmetic import choose_arithmetic
from rag.cache import cached_folder
from rag.errors import ModelError
from rag.hub import hide_loading_bars
from rag.int8 import to_int8
from rag.memory import require_memory
from rag.packaged import blocks, require_digest
from rag.progress import progress_bar
from rag.types import Message
from rag.weights import Gguf, Weights

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

log = logging.getLogger(__name__)

MAX_PROMPT_TOKENS = 4096
# Draft that many tokens from the prompt at each step: the same greedy text about three times
# faster where answers copy their sources (prompt lookup, https://arxiv.org/abs/2304.04487).
PROMPT_LOOKUP_TOKENS = 8
# Disk to convert a GGUF file, in its own bytes: bfloat16 takes about 2.6 times those of a 4- to
# 5-bit file, beside the file itself.
CONVERSION_ROOM = 4


class TransformersGenerator:
    """Greedy decoding with the model's own chat template."""

    def __init__(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        name: str,
        fingerprint: str = "",
    ) -> None:
        self.model = model
        self.tokenizer = tokenizer
        self.name = name
        self.fingerprint = fingerprint

    def generate(self, messages: Sequence[Message], max_new_tokens: int) -> str:
        """The reply, without special tokens; ModelError for a prompt over MAX_PROMPT_TOKENS."""
        inputs = self.tokenizer.apply_chat_template(
            [self._harmless(message) for message in messages],
            add_generation_prompt=True,
            return_tensors="pt",
            return_dict=True,
        )
        assert not isinstance(inputs, (str, list))  # as return_dict promises
        length = inputs["input_ids"].shape[1]
        if length > MAX_PROMPT_TOKENS:
            raise ModelError(f"prompt of {length} tokens, at most {MAX_PROMPT_TOKENS} are read")
        with torch.inference_mode():
            output = self.model.generate(  # type: ignore[operator]
                **inputs,
                max_new_tokens=max_new_tokens,
                do_sample=False,
                prompt_lookup_num_tokens=PROMPT_LOOKUP_TOKENS,
                pad_token_id=self.tokenizer.pad_token_id or self.tokenizer.eos_token_id,
            )
        return str(self.tokenizer.decode(output[0, length:], skip_special_tokens=True)).strip()

    def _harmless(self, message: Message) -> dict[str, str]:
        """The message with no control token of this model's chat format in its text.

        Questions and documents may hold "<|im_end|>"; a space inside makes it plain text.
        """
        return {"role": message["role"], "content": self.without_control(message["content"])}

    def without_control(self, text: str) -> str:
        """The text with no control token of this model's chat format."""
        for token in self.tokenizer.get_added_vocab():
            text = text.replace(token, f"{token[:1]} {token[1:]}")
        return text


def load_generator(weights: Weights) -> TransformersGenerator:
    """Load on the CPU, converting a GGUF file once into the cache.

    Raises ModelError when the weights do not load as a chat model, or not into memory.
    """
    folder = weights.source
    if isinstance(folder, Gguf):
        folder = _converted(folder, weights.fingerprint)
    arithmetic, reason = choose_arithmetic()
    require_memory(folder, weights.name, arithmetic)
    hide_loading_bars()
    from transformers import AutoModelForCausalLM, AutoTokenizer

    log.info("generator runs in %s (%s)", arithmetic, reason)
    dtype = torch.float32 if arithmetic == "float32" else torch.bfloat16
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        model = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype, local_files_only=True)
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(f"{folder} does not load as a generator: {error}") from error
    if not tokenizer.chat_template:
        raise ModelError(f"{folder} has no chat template; expected an instruction-tuned model")
    # The publisher's sampling defaults do not apply to greedy decoding.
    model.generation_config.update(temperature=None, top_p=None, top_k=None)
    model.generation_config.repetition_penalty = 1.0
    model.eval()
    if arithmetic == "int8":
        to_int8(model)
        model.float()
    return TransformersGenerator(model, tokenizer, weights.name, weights.fingerprint)


def use_threads(count: int) -> None:
    """How many threads the models of this process may use; all cores unless told."""
    torch.set_num_threads(count)


# --- GGUF → a folder that loads in two seconds rather than forty -----------------------------


def _converted(gguf: Gguf, fingerprint: str) -> Path:
    def fill(folder: Path) -> None:
        file = gguf.parts[0]
        if gguf.sha256 is not None:
            file = folder / "weights.gguf"
            _assemble(gguf, file)
        _convert(file, folder, gguf.tied_head)
        if file.parent == folder:
            file.unlink()

    return cached_folder(converted_name(fingerprint), gguf.size * CONVERSION_ROOM, fill)


def converted_name(fingerprint: str) -> str:
    """The folder in the cache where the weights of a GGUF file lie, once converted."""
    return f"{fingerprint[:16]}-bf16"


def _assemble(gguf: Gguf, target: Path) -> None:
    digest = hashlib.sha256()
    with (
        target.open("wb") as out,
        progress_bar(gguf.size, "B", "checking weights") as bar,
    ):
        for part in gguf.parts:
            for block in blocks(part):
                digest.update(block)
                out.write(block)
                bar.update(len(block))
    if gguf.sha256 is not None:
        require_digest(digest.hexdigest(), gguf.sha256, f"the file made of {gguf.parts[0].name} …")


def _convert(gguf: Path, folder: Path, tied_head: bool) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig
    from transformers.utils import logging as transformers_logging

    log.info("converting the weights, once (about a minute)")
    if log.isEnabledFor(logging.INFO):
        transformers_logging.enable_progress_bar()
    try:
        tokenizer = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
        model = AutoModelForCausalLM.from_pretrained(
            gguf.parent,
            gguf_file=gguf.name,
            dtype=torch.bfloat16,
            quantization_config=GgufConfig(dequantize=True),
        )
    except ImportError as error:
        raise ModelError(f"reading GGUF files needs pip install '.[gguf]' ({error})") from error
    except (ValueError, KeyError, NotImplementedError, struct.error) as error:
        raise ModelError(f"{gguf} does not convert: {error}") from error
    if tied_head:
        # The file quantises one matrix twice; its output copy (Q8_0) is the finer of the two.
        # Saves 0.27 GB on disk and 0.54 GB of memory in float32.
        model.get_input_embeddings().weight = model.get_output_embeddings().weight
        model.config.tie_word_embeddings = True
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    transformers_logging.disable_progress_bar()
