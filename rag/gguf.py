"""A model's weights → a folder that loads: GGUF files are converted once, by transformers.

Reading them anew takes forty seconds, the folder two.
"""

from __future__ import annotations

import hashlib
import logging
import struct
from pathlib import Path

from rag.cache import cached_folder
from rag.errors import ModelError
from rag.hub import hide_loading_bars
from rag.packaged import blocks, require_digest
from rag.progress import progress_bar
from rag.weights import Gguf, Weights

log = logging.getLogger(__name__)

# Disk to convert a GGUF file, in its own bytes: bfloat16 takes about 2.6 times those of a 4- to
# 5-bit file, beside the file itself.
_ROOM = 4


def model_folder(weights: Weights) -> Path:
    """Where the weights lie; those of a GGUF file are put into the cache first.

    Raises ModelError where they do not convert, or are not the publisher's.
    """
    if isinstance(weights.source, Path):
        return weights.source
    gguf = weights.source

    def fill(folder: Path) -> None:
        file = gguf.parts[0]
        if gguf.sha256 is not None:
            file = folder / "weights.gguf"
            _assemble(gguf, file)
        _convert(file, folder, gguf.tied_head)
        if file.parent == folder:
            file.unlink()

    return cached_folder(converted_name(weights.fingerprint), gguf.size * _ROOM, fill)


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
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig
    from transformers.utils import logging as transformers_logging

    hide_loading_bars()
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
    for file in folder.glob("*.safetensors"):
        file.chmod(0o644)  # safetensors leaves them to their owner alone
    transformers_logging.disable_progress_bar()
