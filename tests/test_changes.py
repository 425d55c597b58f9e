"""What became of a folder's files."""

import time

from hypothesis import given
from hypothesis import strategies as st

from rag.changes import Changes, find_changes

FILES = st.dictionaries(st.sampled_from("abcdef"), st.sampled_from("123"))


def test_each_kind_in_words() -> None:
    old = {"same": "1", "edited": "2", "gone": "3", "moved": "4"}
    new = {"same": "1", "edited": "5", "new": "6", "sub/moved": "4"}
    changes = find_changes(old, new)
    assert changes == Changes(("new",), ("gone",), ("edited",), (("moved", "sub/moved"),))
    assert str(changes) == "added new, changed edited, renamed moved to sub/moved, deleted gone"
    assert not find_changes(old, dict(old))


def test_copies_are_added_and_one_name_is_renamed_once() -> None:
    assert find_changes({"a": "1"}, {"a": "1", "b": "1"}) == Changes(added=("b",))
    assert find_changes({"a": "1"}, {"b": "1", "c": "1"}) == Changes(
        added=("c",), renamed=(("a", "b"),)
    )
    # Two files that swap their names keep them: each has another content now.
    assert find_changes({"a": "1", "b": "2"}, {"a": "2", "b": "1"}).changed == ("a", "b")


def test_many_files_that_move_take_no_time() -> None:
    old = {f"old/{number:05}": str(number) for number in range(30_000)}
    new = {f"new/{number:05}": str(29_999 - number) for number in range(30_000)}
    started = time.process_time()
    assert len(find_changes(old, new).renamed) == 30_000
    assert time.process_time() - started < 5


@given(old=FILES, new=FILES)
def test_following_the_changes_leads_to_the_new_files(old, new) -> None:
    changes = find_changes(old, new)
    files = dict(old)
    for name in changes.deleted:
        del files[name]
    moved = {after: files.pop(before) for before, after in changes.renamed}
    files |= moved | {name: new[name] for name in (*changes.added, *changes.changed)}
    assert files == new
    assert bool(changes) == (old != new)
