"""Chat prompt → text, by transformers, greedily, on the CPU."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from rag.arithmetic import choose_arithmetic
from rag.errors import ModelError
from rag.gguf import model_folder
from rag.hub import hide_loading_bars
from rag.int8 import to_int8
from rag.memory import require_memory
from rag.model_files import NOT_READABLE
from rag.prompt import without_control
from rag.types import Message
from rag.weights import Weights

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

log = logging.getLogger(__name__)

MAX_PROMPT_TOKENS = 4096
# Bytes of memory for each on disk, where weights take 16 bits. In int8 some layers stay float32.
_TIMES_ON_DISK = {"bfloat16": 1.0, "int8": 1.5, "float32": 2.0}
_WORKING = 300_000_000  # bytes beside them: what is calculated
# Draft that many tokens from the prompt at each step: the same greedy text about three times
# faster where answers copy their sources (prompt lookup, https://arxiv.org/abs/2304.04487).
PROMPT_LOOKUP_TOKENS = 8


class TransformersGenerator:
    """Greedy decoding with the model's own chat template."""

    def __init__(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        name: str,
    ) -> None:
        self.model = model
        self.tokenizer = tokenizer
        self.name = name

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
        content = without_control(message["content"], self.tokenizer.get_added_vocab())
        return {"role": message["role"], "content": content}


def load_generator(weights: Weights) -> TransformersGenerator:
    """Load on the CPU, converting a GGUF file once into the cache.

    Raises ModelError when the weights do not load as a chat model, or not into memory.
    """
    folder = prepare(weights)
    arithmetic, reason = choose_arithmetic()
    hide_loading_bars()
    from transformers import AutoModelForCausalLM, AutoTokenizer

    log.info("generator runs in %s (%s)", arithmetic, reason)
    dtype = torch.float32 if arithmetic == "float32" else torch.bfloat16
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        model = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype, local_files_only=True)
    except NOT_READABLE as error:
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
    return TransformersGenerator(model, tokenizer, weights.name)


def prepare(weights: Weights) -> Path:
    """What takes a minute or fails soonest: the folder to load from, of a GGUF file made once.

    Raises ModelError where that cannot be made, or its weights do not fit into memory.
    """
    folder = model_folder(weights)
    arithmetic, _ = choose_arithmetic()
    stored = sum(file.stat().st_size for file in folder.glob("*.safetensors"))
    require_memory(
        stored * _TIMES_ON_DISK[arithmetic] + _WORKING,
        f"{weights.name} in {arithmetic}",
        "choose a smaller model (--generator 0.5b) or none at all",
    )
    return folder


def use_threads(count: int) -> None:
    """How many threads the models of this process may use; all cores unless told."""
    torch.set_num_threads(count)
