"""The bench's sums from given times; nothing here asserts how long anything took."""

import json
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import ROOT

from eval.bench_answer import limits
from eval.bench_index import nearest, vectors_between
from eval.bench_plots import plot
from eval.timing import Spread, Stopwatch, spread, times_as_fast


def test_percentiles_are_values_that_were_measured() -> None:
    assert spread([3.0, 1.0, 2.0]) == Spread(2.0, 3.0, 3)
    assert spread([float(n) for n in range(1, 101)]) == Spread(50.0, 95.0, 100)
    with pytest.raises(ValueError, match="no times"):
        spread([])


def test_the_ratio_is_taken_round_by_round() -> None:
    # The second round was slow for both.
    assert times_as_fast([1.0, 10.0, 1.0], [2.0, 20.0, 2.0]) == 2.0
    with pytest.raises(ValueError, match="longer"):
        times_as_fast([1.0], [1.0, 2.0])


def test_arms_take_turns() -> None:
    ran: list[str] = []
    watch = Stopwatch()
    watch.alternate({"a": lambda: ran.append("a"), "b": lambda: ran.append("b")}, 3)
    assert ran == ["a", "b", "b", "a", "a", "b"]
    assert {name: len(taken) for name, taken in watch.seconds(warm_up=1).items()} == {
        "a": 2,
        "b": 2,
    }
    assert watch.time("c", lambda: 7) == 7


def test_arms_take_turns_over_calls_and_beside_other_arms() -> None:
    ran: list[str] = []
    watch = Stopwatch()
    for _ in range(2):
        for pair in ("ab", "xy"):
            watch.alternate({name: partial(ran.append, name) for name in pair}, 1)
    assert "".join(ran) == "abxybayx"


def test_shares_of_the_machines_limits() -> None:
    model = torch.nn.Linear(10, 10, bias=False)  # 100 weights, 400 bytes
    times = {
        "matrix product": [2 * 2048**3 / 4000],  # 4000 operations a second
        "memory sum": [2**28 / 1600],  # 1600 bytes a second
        "first token": [2.0],
        "one by one": [5.0],
    }
    found = limits(model, times, read=[20], written=[7])
    assert found["prefill_tokens_per_second"] == 10  # 20 tokens in 2 s
    assert found["prefill_share_of_limit"] == pytest.approx(0.5)  # 200 operations for each
    assert found["decode_tokens_per_second"] == 2  # 6 tokens after the first, in 3 s
    assert found["decode_share_of_limit"] == pytest.approx(0.5)  # 400 bytes for each
    assert limits(model, times, read=[20], written=[1])["decode_share_of_limit"] == 0


def test_made_vectors_are_unit_reproducible_and_like_their_models() -> None:
    known = np.eye(5, dtype=np.float32)
    made = vectors_between(known, 200)
    assert np.allclose(np.linalg.norm(made, axis=1), 1, atol=1e-5)
    assert np.array_equal(made, vectors_between(known, 200))
    assert len({nearest(known, row)[0] for row in made}) == 5


def test_nearest_compares_all() -> None:
    vectors = vectors_between(np.eye(8, dtype=np.float32), 300)
    expected = sorted(range(300), key=lambda row: -float(vectors[row] @ vectors[9]))[:10]
    assert nearest(vectors, vectors[9]) == expected
    assert len(nearest(vectors[:3], vectors[9])) == 3


def test_a_plot_for_each_curve(tmp_path: Path) -> None:
    p50 = {"p50": 0.01}
    point = {
        "seconds": {"dense": p50, "numpy": p50},
        "lexical_seconds": {"search": p50},
        "recall@10": 1.0,
        "peak_memory_gb": 1.0,
    }
    points = [{"chunks": 10, **point}, {"chunks": 100, **point}]
    plot({"answer": {"every_total": [1.0, 2.0]}, "growth": {"points": points}}, tmp_path)
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"answers.svg", "search.svg", "recall.svg", "memory.svg"}
    assert "<svg" in (tmp_path / "search.svg").read_text()


def test_help_and_wrong_usage() -> None:
    def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "eval.bench", *arguments]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    done = bench("--help")
    assert done.returncode == 0
    assert "--only" in done.stdout
    assert bench("--rounds", "0").returncode == 2
    assert "--largest is 255, expected a number of at least 256" in bench("--largest", "255").stderr
    assert bench("--only", "everything").returncode == 2
    light = "import sys, eval.bench; print('torch' in sys.modules or 'numpy' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", light], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout.lower()) is False
