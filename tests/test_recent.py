from rag.recent import Recent


def test_what_was_not_used_for_longest_is_forgotten() -> None:
    kept: Recent[str, int] = Recent(10)
    for name in "abc":
        kept.keep(name, ord(name), weight=3)
    assert kept.get("a") == ord("a")
    kept.keep("d", 0, weight=3)  # one too many
    assert [name for name in "abcd" if kept.get(name) is not None] == ["a", "c", "d"]
    kept.keep("e", 1, weight=99)  # more than fits, but the last
    assert [name for name in "acde" if kept.get(name) is not None] == ["e"]
    kept.keep("e", 2, weight=1)
    kept.keep("f", 3, weight=9)
    assert (kept.get("e"), kept.get("f")) == (2, 3)
    kept.clear()
    assert kept.get("f") is None
