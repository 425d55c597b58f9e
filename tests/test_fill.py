"""What a store is given and what is taken from it, whatever kind of store."""

from conftest import BagOfWordsEmbedder

from rag import fill
from rag.documents import load_corpus


class Kept:
    """A store in memory, which says what it is asked."""

    def __init__(self, stored) -> None:
        self.stored = dict(stored)
        self.puts = []

    def files(self):
        return dict(self.stored)

    def put(self, files) -> None:
        self.puts.append([made.file.path for made in files])
        self.stored.update((made.file.path, made.file.sha256) for made in files)

    def remove(self, paths) -> None:
        for path in paths:
            del self.stored[path]


def test_only_what_is_new_is_put_and_only_what_is_gone_is_removed(tmp_path) -> None:
    for name in ("new", "same", "changed", "in part"):
        (tmp_path / f"{name}.txt").write_text(f"This file is {name}, says its only sentence.")
    corpus = load_corpus(tmp_path)
    same = corpus.fingerprints["same.txt"]
    store = Kept({"same.txt": same, "changed.txt": "0", "in part.txt": "", "gone.txt": "1"})
    changes = fill.fill(store, corpus, BagOfWordsEmbedder(), 900)
    assert store.stored == corpus.fingerprints
    assert store.puts == [["changed.txt", "in part.txt", "new.txt"]]
    assert (changes.added, changes.deleted) == (("new.txt",), ("gone.txt",))
    assert changes.changed == ("changed.txt", "in part.txt")
    assert not fill.fill(store, corpus, BagOfWordsEmbedder(), 900)
    assert len(store.puts) == 1


def test_files_come_in_groups_of_bounded_size(tmp_path, monkeypatch) -> None:
    for number in range(9):
        (tmp_path / f"{number}.txt").write_text(f"File number {number} says only this sentence.")
    monkeypatch.setattr(fill, "_GROUP_CHARS", 100)
    store = Kept({})
    fill.fill(store, load_corpus(tmp_path), BagOfWordsEmbedder(), 900)
    assert [len(files) for files in store.puts] == [3, 3, 3]
