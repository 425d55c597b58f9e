"""The support score and the command that measures it."""

import json

import pytest

from eval.support import main
from rag.grounding import support_score

TEXT = ["Kivi Oy was founded in Oulu in 1999.", "It has 340 employees.", "Rain fell."]


def flat(term):
    return 1.0


def test_support_by_hand() -> None:
    assert support_score("Kivi Oy was founded in Oulu in 1999.", TEXT, flat) == 1.0
    wrong_year = support_score("Kivi Oy was founded in Oulu in 1998.", TEXT, flat)
    other_name = support_score("Kivi Oy was founded in Turku in 1999.", TEXT, flat)
    assert 0.5 < wrong_year < 1
    assert 0.5 < other_name < 1
    assert support_score("Bananas are yellow.", TEXT, flat) == 0.5  # no number, no name is missing
    assert support_score("Bananas are yellow.", [], flat) == 0.5


def test_claims_spread_over_sentences_are_supported() -> None:
    assert support_score("Kivi Oy, founded in 1999, has 340 employees.", TEXT, flat) == 1.0


def test_the_command(tmp_path, capsys) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.txt").write_text(" ".join(TEXT))
    labels = {"supported": "Kivi Oy has 340 employees.", "not_supported": "Bo Tal has 12 dogs."}
    lines = [json.dumps({"claim": c, "doc": "a", "label": label}) for label, c in labels.items()]
    (tmp_path / "claims.jsonl").write_text("\n".join(lines))
    assert main([str(tmp_path), "--quiet"]) == 0
    assert "supported, all others:    1.000 [1.000, 1.000]" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([("a", "supported")] * 2, "has no claim of the label 'not_supported'"),
        ([("a", "supported"), ("a", "partly")], "has no claim of the label 'not_supported'"),
        ([("a", "not_supported")], "has no claim of the label 'supported'"),
        ([], "has no claim of the label 'supported'"),
        ([("a", "supported"), ("b", "not_supported")], "a claim's field doc is 'b', expected"),
    ],
)
def test_claims_that_cannot_be_compared_are_told(tmp_path, capsys, rows, message) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.txt").write_text(" ".join(TEXT))
    lines = [json.dumps({"claim": "Rain.", "doc": doc, "label": label}) for doc, label in rows]
    (tmp_path / "claims.jsonl").write_text("\n".join(lines))
    assert main([str(tmp_path), "--quiet"]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("content", [None, "{}", "not json"])
def test_what_is_no_claim_file_is_told(tmp_path, capsys, content) -> None:
    if content is not None:
        (tmp_path / "claims.jsonl").write_text(content)
    assert main([str(tmp_path)]) != 0
    assert "claims.jsonl" in capsys.readouterr().err
