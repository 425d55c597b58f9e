"""What the CPU can do, and which arithmetic the models run in."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch

# oneDNN keeps what it compiled for each shape of matrices, 1,024 of them unless told, and each
# question has a number of tokens of its own: 2.3 MB a question, 0.2 GB after 80 (eval/LOG.md).
# Compiling takes less than can be measured. Read at its first product; a bound that the user or the
# program around set stands, and what this process starts inherits ours.
os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "96")

# Bounds of oneDNN, which multiplies matrices in bfloat16 for torch, below which it would take 2.3
# to 4.5 times as long as float32 (eval/LOG.md).
_TOO_LOW_FOR_BFLOAT16 = frozenset(
    "SSE41 AVX AVX2 AVX2_VNNI AVX2_VNNI_2 AVX512_CORE AVX512_CORE_VNNI".split()
)
# … it adds products of bytes in sixteen bits.
_TOO_LOW_FOR_BYTES = _TOO_LOW_FOR_BFLOAT16 - {"AVX512_CORE_VNNI"}
# … it does without AMX.
_WITHOUT_AMX = _TOO_LOW_FOR_BFLOAT16 | {"AVX512_CORE_BF16", "AVX512_CORE_FP16"}


@dataclass(frozen=True, slots=True)
class Cpu:
    """What decides on the arithmetic."""

    features: Mapping[str, object]  # name → whether it is there
    engines: Sequence[str]  # those that torch has kernels of
    bound: str = ""  # what ONEDNN_MAX_CPU_ISA allows, in capitals; "" for everything
    name: str = ""

    def instruction_sets(self) -> list[str]:
        """The features that it has, sorted."""
        return sorted(name for name, present in self.features.items() if present is True)


def this_cpu() -> Cpu:
    """Of this machine."""
    facts = torch.cpu.get_capabilities()
    return Cpu(
        facts,
        torch.backends.quantized.supported_engines,
        os.environ.get("ONEDNN_MAX_CPU_ISA", "").upper(),
        str(facts.get("cpu_name", "")),
    )


def threads() -> int:
    """That models of this process use."""
    return torch.get_num_threads()


def mixed_arithmetic() -> torch.autocast:
    """Within, matrices are multiplied in bfloat16 where the CPU does that natively, and all else
    stays in float32."""
    return torch.autocast("cpu", torch.bfloat16, enabled=layer_dtype() == torch.bfloat16)


def choose_arithmetic(cpu: Cpu | None = None) -> tuple[str, str]:
    """The fastest arithmetic for generators that a CPU, this one unless told, does natively.

    bfloat16 with AMX or AVX512-bf16 (four times faster prefill than float32), int8 with AVX2
    (2.8 times faster answers, see eval/LOG.md), else float32. With the reason, in words.
    """
    cpu = cpu or this_cpu()
    native = [feature for feature in ("amx_bf16", "avx512_bf16") if cpu.features.get(feature)]
    if native and cpu.bound not in _TOO_LOW_FOR_BFLOAT16:
        return "bfloat16", f"the CPU has {native[0]}"
    if _multiplies_bytes(cpu):
        why = f"ONEDNN_MAX_CPU_ISA is {cpu.bound}" if native else "neither amx_bf16 nor avx512_bf16"
        return "int8", f"the CPU has avx2, but {why}"
    return "float32", "the CPU has none of amx_bf16, avx512_bf16 and avx2"


def layer_dtype() -> torch.dtype:
    """What matrices are multiplied in where they are not in eight bits."""
    return torch.bfloat16 if choose_arithmetic()[0] == "bfloat16" else torch.float32


def prefers_int8(cpu: Cpu | None = None) -> bool:
    """Whether a judge, which loses nearly nothing by it, reads fastest in eight bits.

    They take half to three quarters of the time of AVX512-bf16, but more than AMX, by the
    rates in eval/LOG.md.
    """
    cpu = cpu or this_cpu()
    amx = cpu.features.get("amx_bf16") and cpu.bound not in _WITHOUT_AMX
    return _multiplies_bytes(cpu) and not amx


def adds_bytes_exactly(cpu: Cpu | None = None) -> bool:
    """Whether oneDNN adds up products of bytes in 32 bits; where it has but 16, sums overflow."""
    cpu = cpu or this_cpu()
    native = cpu.features.get("avx512_vnni") and cpu.bound not in _TOO_LOW_FOR_BYTES
    return bool(native) and "onednn" in cpu.engines


def _multiplies_bytes(cpu: Cpu) -> bool:
    return bool(cpu.features.get("avx2")) and "fbgemm" in cpu.engines


def use_one_thread() -> None:
    """Of many processes that share the cores."""
    torch.set_num_threads(1)
