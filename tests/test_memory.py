"""A model that does not fit is refused before it is loaded."""

from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from rag import generator, memory
from rag.errors import ModelError
from rag.weights import Weights

GB = 10**9


@pytest.fixture
def left(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Tells how much the machine has left; no group bounds this process."""
    monkeypatch.setattr(memory, "_OWN_GROUP", tmp_path / "none")

    def tell(size: int) -> None:
        reading = SimpleNamespace(available=size, total=size)
        monkeypatch.setattr(psutil, "virtual_memory", lambda: reading)

    return tell


@pytest.mark.parametrize(("arithmetic", "needed"), [("bfloat16", 1.3), ("float32", 2.3)])
def test_what_is_needed_goes_with_the_weights_and_the_arithmetic(
    left, monkeypatch, tmp_path: Path, arithmetic: str, needed: float
) -> None:
    monkeypatch.setattr(generator, "choose_arithmetic", lambda: (arithmetic, "of the test"))
    with (tmp_path / "model.safetensors").open("wb") as file:
        file.truncate(GB)  # takes no disk
    weights = Weights("big", tmp_path, "b")
    left(int((needed + 0.01) * GB))
    with pytest.raises(ModelError, match="does not load"):  # but is tried
        generator.load_generator(weights)
    left(int((needed - 0.1) * GB))
    with pytest.raises(ModelError) as caught:
        generator.load_generator(weights)
    assert f"big in {arithmetic} takes about {needed} GB of memory" in str(caught.value)
    assert f"{needed - 0.1:.1f} GB are left" in str(caught.value)
    assert "--generator 0.5b" in str(caught.value)
    assert "--generator none" in str(caught.value)


def test_a_generator_is_not_loaded_where_it_does_not_fit(left, tiny_qwen: Path) -> None:
    weights = Weights("tiny", tiny_qwen, "t")
    left(GB)
    generator.load_generator(weights)
    left(GB // 10)
    with pytest.raises(
        ModelError, match=r"tiny in \w+ takes about 0\.3 GB .* and 0\.1 GB are left"
    ):
        generator.load_generator(weights)


def group(folder: Path, limit: str, used: int, droppable: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "memory.max").write_text(f"{limit}\n")
    (folder / "memory.current").write_text(f"{used}\n")
    (folder / "memory.stat").write_text(f"anon 7\ninactive_file {droppable}\n")


@pytest.mark.parametrize(
    ("inner", "outer", "expected", "total"),
    [
        ("max", "max", 9 * GB, 9 * GB),
        (str(4 * GB), "max", 2 * GB, 4 * GB),
        (str(4 * GB), str(3 * GB), GB, 3 * GB),
    ],
)
def test_the_tightest_bound_counts(
    left,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    inner: str,
    outer: str,
    expected: int,
    total: int,
) -> None:
    left(9 * GB)
    own = tmp_path / "cgroup"
    own.write_text("1:name=systemd:/other\n0::/user/session\n")
    monkeypatch.setattr(memory, "_OWN_GROUP", own)
    monkeypatch.setattr(memory, "_GROUPS", tmp_path / "groups")
    group(tmp_path / "groups/user/session", inner, 3 * GB, GB)
    group(tmp_path / "groups/user", outer, 3 * GB, GB)
    assert memory.available_memory() == expected
    assert memory.total_memory() == total
