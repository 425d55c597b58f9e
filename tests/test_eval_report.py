"""eval.report and eval.compare on small runs whose numbers are known by hand."""

import json
import subprocess
import sys

import pytest
from conftest import ROOT

from eval import compare, report

EVIL = "<script>alert(1)</script>"


def question(question_id, answerable=True, **fields):
    made = {
        "id": question_id,
        "kind": "fact" if answerable else "off_topic",
        "question": f"Question {question_id}?",
        "answerable": answerable,
        "facts": [["Beatrix", "Queen Beatrix"]] if answerable else [],
        "evidence": [{"doc": "bees.txt", "start": 70, "end": 98}] if answerable else [],
        "forbidden": [],
        "history": [],
        "note": "",
    }
    return made | fields


def answer(text="She is called Beatrix. [1]", refused=False):
    quote = {"marker": 1, "doc": "bees.txt", "title": "Bees", "start": 70, "end": 98, "quote": EVIL}
    return {
        "question": "?",
        "answer": text,
        "refused": refused,
        "citations": [] if refused else [quote],
        "passages": [{"doc": "bees.txt", "start": 0, "end": 9, "text": "The life ", "score": 1}],
        "models": {"generator": "g", "embedder": "e"},
        "seconds": {"retrieve": 0.1, "generate": 1.0, "ground": 0.1, "total": 1.2},
        "confidence": 0.5,
    }


def metric(value, low, high, better="higher"):
    return {"value": value, "low": low, "high": high, "n": 4, "better": better}


def write_run(folder, records, metrics, per_question=None, **conditions):
    folder.mkdir()
    conditions = {"system": "ours", "suite": "articles", "split": "dev", "cores": 2} | conditions
    (folder / "conditions.json").write_text(json.dumps(conditions))
    lines = [json.dumps({"question": q, "answer": a, "error": e}) for q, a, e in records]
    (folder / "answers.jsonl").write_text("".join(line + "\n" for line in lines))
    scores = {
        "metrics": metrics,
        "by_kind": {"fact": {"fact_recall": 0.5, "refusal_recall": None}},
        "per_question": per_question or {},
        "risk_coverage": {"coverage": [0.5, 1.0], "risk": [0.0, 0.5], "area": 0.25},
    }
    (folder / "metrics.json").write_text(json.dumps(scores))
    return folder


@pytest.fixture
def runs(tmp_path):
    asked = [
        question("q1"),
        question("q2", question=f"Who is {EVIL}?", history=[EVIL], note="a & b"),
        question("q3", answerable=False),
        question("q4", forbidden=[["Maja"]]),
    ]
    said = [
        answer(),
        answer(f"Nobody {EVIL}. [1]"),
        answer("It is 5. [1]"),
        answer("Beatrix or Maja. [1]"),
    ]
    first = write_run(
        tmp_path / "first",
        [(q, a, None) for q, a in zip(asked, said, strict=True)],
        {
            "house_metric": metric(1, 0, 2, "neutral"),
            "seconds_p50": metric(1.2, 1.2, 1.2, "lower"),
            "fact_recall": metric(0.714, 0.6, 0.8),
        },
    )
    second = write_run(
        tmp_path / "second",
        [(asked[0], None, f"ValueError: {EVIL}"), (asked[1], answer("…", refused=True), None)],
        {
            "fact_recall": metric(0.5, 0.25, 0.75),
            "seconds_p50": metric(0.5, 0.5, 0.5, "lower"),
            "house_metric": metric(3, 2, 4, "neutral"),
        },
        system="dense",
    )
    return first, second


def show(capsys, *arguments):
    assert report.main([str(a) for a in arguments]) == 0
    return capsys.readouterr().out


def test_table_has_known_metrics_first_and_stars_the_best(runs, corpus_folder, capsys):
    out = show(capsys, *runs, "--corpus", corpus_folder)
    cells = [
        [cell.strip() for cell in line.split("  ") if cell.strip()] for line in out.split("\n")
    ]
    assert cells[:4] == [
        ["metric", "ours/dev", "dense/dev"],
        ["fact_recall", "0.71 [0.60, 0.80] *", "0.50 [0.25, 0.75]"],
        ["seconds_p50", "1.20", "0.50 *"],
        ["house_metric", "1.00 [0.00, 2.00]", "3.00 [2.00, 4.00]"],
    ]
    assert (runs[0] / "report.html").exists()


def test_markdown_is_the_same_table(runs, corpus_folder, tmp_path, capsys):
    file = tmp_path / "t.md"
    show(capsys, runs[0], "--baseline", runs[1], "--corpus", corpus_folder, "--markdown", file)
    assert file.read_text().splitlines()[:3] == [
        "| metric | dense/dev | ours/dev |",
        "| --- | ---: | ---: |",
        "| fact_recall | 0.50 [0.25, 0.75] | 0.71 [0.60, 0.80] * |",
    ]


def test_runs_of_one_name_are_told_apart_by_folder(runs, corpus_folder, tmp_path, capsys):
    again = write_run(tmp_path / "again", [], {"fact_recall": metric(1, 1, 1)})
    head = show(capsys, runs[0], again, "--corpus", corpus_folder).split("\n")[0]
    assert f"ours/dev ({runs[0]})" in head
    assert f"ours/dev ({again})" in head


@pytest.fixture
def page(runs, corpus_folder, tmp_path, capsys):
    show(capsys, *runs, "--corpus", corpus_folder, "--html", tmp_path / "page.html")
    return (tmp_path / "page.html").read_text()


def test_page_escapes_all_data_and_loads_nothing(page):
    assert "<script" not in page
    assert "Who is &lt;script&gt;alert(1)&lt;/script&gt;?" in page
    assert "ValueError: &lt;script&gt;" in page
    assert "src=" not in page
    assert "@import" not in page


def test_page_lists_exactly_the_failed_questions(page):
    ours, dense = page.split("<h3>")[1:]
    assert ours.startswith("ours/dev: 3 of 4")
    assert "<code>q1</code>" not in ours
    assert ours.count("missing: Beatrix") == 1
    assert ours.count("not refused") == 1
    assert ours.count("wrong: Maja") == 1
    assert dense.startswith("dense/dev: 2 of 2")
    assert "refused; missing: Beatrix" in dense


def test_page_shows_gold_evidence_in_its_context(page, corpus_folder):
    text = (corpus_folder / "bees.txt").read_text()
    assert f"{text[:70]}<mark>{text[70:98]}</mark>{text[98:]}" in page


def test_page_tells_the_change_from_the_baseline(page):
    assert "<small>n=4 · -0.21</small>" in page
    assert "ours/dev: mean risk 0.25" in page


def test_page_names_a_significant_change(corpus_folder, tmp_path, capsys):
    ids = [f"q{i}" for i in range(20)]
    made = [
        write_run(
            tmp_path / name,
            [],
            {"fact_recall": metric(value, value, value)},
            {"fact_recall": dict.fromkeys(ids, value)},
        )
        for name, value in (("low", 0.0), ("high", 1.0))
    ]
    show(capsys, *made, "--corpus", corpus_folder)
    better = '<span class="better">+1.00 better</span>'
    assert better in (made[0] / "report.html").read_text()


@pytest.mark.parametrize("file", ["conditions.json", "answers.jsonl", "metrics.json"])
@pytest.mark.parametrize("content", [None, b"{", b"[]", b"\xff"])
def test_bad_file_is_one_line_that_names_it(runs, file, content, capsys):
    (runs[0] / file).unlink()
    if content is not None:
        (runs[0] / file).write_bytes(content)
    assert report.main([str(runs[0])]) == 1
    error = capsys.readouterr().err
    assert error.startswith(f"rag: error: {runs[0] / file}")
    assert "expected" in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        ({"fact_recall": {"value": 1}}, "fact_recall: low: expected otherwise: Field required"),
        ({"fact_recall": metric("1", 1, 1)}, "value: expected otherwise: Input should be a valid"),
        ({"fact_recall": metric(True, 1, 1)}, "value: expected otherwise: Input should be a valid"),
        ([], "metrics: expected otherwise: Input should be an object"),
    ],
)
def test_wrong_field_is_named(runs, value, complaint, capsys):
    scores = json.loads((runs[0] / "metrics.json").read_text())
    (runs[0] / "metrics.json").write_text(json.dumps(scores | {"metrics": value}))
    assert report.main([str(runs[0])]) == 1
    assert complaint in capsys.readouterr().err


def test_missing_folders_are_one_line(runs, tmp_path, capsys):
    for status, arguments in (
        (1, [tmp_path / "none"]),
        (2, [runs[0], "--corpus", tmp_path / "none"]),
        (1, [runs[0], "--markdown", tmp_path / "none" / "t.md"]),
    ):
        assert report.main([str(a) for a in arguments]) == status
        error = capsys.readouterr().err
        assert error.count("\n") == 1
        assert str(tmp_path / "none") in error


def test_help_needs_no_matplotlib():
    script = (
        "import sys; from eval import report; report.parser().format_help(); "
        "print('matplotlib' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"


def test_difference_of_equal_scores_is_nothing():
    scores = {"a": 0.3, "b": 0.1, "c": 1.0}
    found = compare.difference(scores, scores, seed=0)
    assert (found.value, found.low, found.high, found.p, found.n) == (0, 0, 0, 1, 3)


def test_difference_by_hand():
    found = compare.difference({"a": 0, "b": 0, "only a": 1}, {"b": 1, "a": 0.5}, seed=0)
    assert (found.a, found.b, found.value, found.n) == (0, 0.75, 0.75, 2)
    assert (found.low, found.high, found.interval) == (0.5, 1, "[+0.50, +1.00]")
    assert found.p == pytest.approx(0.5, abs=0.02)  # two of the four sign patterns are as far


def test_difference_that_is_always_there_is_significant():
    ids = [f"q{i}" for i in range(20)]
    found = compare.difference(dict.fromkeys(ids, 0.25), dict.fromkeys(ids, 0.5), seed=0)
    assert (found.value, found.low, found.high, found.interval) == (0.25, 0.25, 0.25, "")
    assert found.p < 0.001
    assert compare.difference({"a": 1}, {"b": 1}, seed=0) is None


def test_compare_lists_what_improved_and_what_broke(tmp_path, capsys):
    asked = [question("q1"), question("q2"), question("q3", answerable=False), question("q4")]
    right, wrong = answer(), answer("No. [1]")
    refusal = answer("The files do not tell.", refused=True)
    a = write_run(
        tmp_path / "a",
        [(asked[0], right, None), (asked[1], wrong, None), (asked[2], wrong, None)],
        {},
        {"fact_recall": {"q1": 1, "q2": 0}, "refusal_recall": {"q3": 0}},
    )
    b = write_run(
        tmp_path / "b",
        [
            (asked[0], None, "ValueError: oh"),
            (asked[1], wrong, None),
            (asked[2], refusal, None),
            (asked[3], right, None),
        ],
        {},
        {"fact_recall": {"q1": 0, "q2": 0, "q4": 1}, "refusal_recall": {"q3": 1}},
    )
    assert compare.main([str(a), str(b)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "3 questions in both; 1 left out because only one run has them" in lines
    rows = [line.split() for line in lines]
    assert ["fact_recall†", "0.50", "0.00", "-0.50", "[-1.00,", "+0.00]", "1.0000", "2"] in rows
    assert ["refusal_recall", "0.00", "1.00", "+1.00", "–", "1.0000", "1"] in rows  # no interval
    assert lines[lines.index("1 improved") :] == [
        "1 improved",
        "  q3 0.00 → 1.00 Question q3?",
        "    A: No. [1]",
        "    B: refused: The files do not tell.",
        "",
        "1 broke",
        "  q1 1.00 → 0.00 Question q1?",
        "    A: She is called Beatrix. [1]",
        "    B: error: ValueError: oh",
    ]


def test_compare_refuses_wrong_usage(runs, capsys):
    assert compare.main([str(runs[0]), str(runs[1]), "--seed", "-1"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    with pytest.raises(SystemExit, match="2"):
        compare.main([str(runs[0])])
