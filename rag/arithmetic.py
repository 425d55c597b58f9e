"""What the CPU can do, and which arithmetic the models run in."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch

# Bounds of oneDNN, which multiplies matrices in bfloat16 for torch, below which it would take 2.3
# to 4.5 times as long as float32 (eval/LOG.md).
_TOO_LOW_FOR_BFLOAT16 = frozenset(
    "SSE41 AVX AVX2 AVX2_VNNI AVX2_VNNI_2 AVX512_CORE AVX512_CORE_VNNI".split()
)
# Bounds below which it adds products of bytes in sixteen bits, where they do not always fit.
_TOO_LOW_FOR_BYTES = _TOO_LOW_FOR_BFLOAT16 - {"AVX512_CORE_VNNI"}


@dataclass(frozen=True, slots=True)
class Processor:
    """What torch knows of the CPU."""

    name: str
    features: tuple[str, ...]  # instruction sets, sorted
    threads: int  # that models of this process use


def processor() -> Processor:
    """Of this machine."""
    facts = torch.cpu.get_capabilities()
    features = sorted(name for name, present in facts.items() if present is True)
    return Processor(str(facts.get("cpu_name", "")), tuple(features), torch.get_num_threads())


def arithmetic_of_this_cpu() -> tuple[str, str]:
    """See ``choose_arithmetic``."""
    return choose_arithmetic(*_this_cpu())


def mixed_arithmetic() -> torch.autocast:
    """Within, matrices are multiplied in bfloat16 where the CPU does that natively, and all else
    stays in float32."""
    return torch.autocast("cpu", torch.bfloat16, enabled=arithmetic_of_this_cpu()[0] == "bfloat16")


def choose_arithmetic(
    features: Mapping[str, object], engines: Sequence[str], bound: str = ""
) -> tuple[str, str]:
    """The fastest arithmetic that the CPU does natively without loss that we could measure.

    bfloat16 with AMX or AVX512-bf16 (four times faster prefill than float32), int8 with AVX2
    (2.8 times faster answers, see eval/LOG.md), else float32. With the reason, in words.
    ``features`` are the CPU's, ``engines`` those that torch has int8 kernels of, ``bound`` is what
    ONEDNN_MAX_CPU_ISA allows bfloat16 to use, "" for everything.
    """
    native = [feature for feature in ("amx_bf16", "avx512_bf16") if features.get(feature)]
    bounded = bound.upper() in _TOO_LOW_FOR_BFLOAT16
    if native and not bounded:
        return "bfloat16", f"the CPU has {native[0]}"
    if features.get("avx2") and "fbgemm" in engines:
        why = f"ONEDNN_MAX_CPU_ISA is {bound}" if native else "neither amx_bf16 nor avx512_bf16"
        return "int8", f"the CPU has avx2, but {why}"
    return "float32", "the CPU has none of amx_bf16, avx512_bf16 and avx2"


def judges_in_bytes() -> bool:
    """See ``multiplies_bytes``, for this CPU."""
    return multiplies_bytes(*_this_cpu())


def multiplies_bytes(
    features: Mapping[str, object], engines: Sequence[str], bound: str = ""
) -> bool:
    """Whether oneDNN has, for this CPU, exact sums of products of bytes.

    They take half the time of bfloat16. Arguments are those of ``choose_arithmetic``.
    """
    native = features.get("avx512_vnni") or features.get("amx_int8")
    return bool(native) and "onednn" in engines and bound.upper() not in _TOO_LOW_FOR_BYTES


def use_one_thread() -> None:
    """Of many processes that share the cores."""
    torch.set_num_threads(1)


def _this_cpu() -> tuple[Mapping[str, object], Sequence[str], str]:
    """Its features, the engines that torch has kernels of, and oneDNN's bound."""
    engines = torch.backends.quantized.supported_engines
    return torch.cpu.get_capabilities(), engines, os.environ.get("ONEDNN_MAX_CPU_ISA", "")
