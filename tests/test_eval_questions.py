"""Question files and suites: what is read, what is refused, and how ours are split."""

import json
from collections import Counter
from dataclasses import replace

import pytest
from conftest import ROOT

from eval import suites
from eval.questions import (
    KINDS,
    GoldSpan,
    Question,
    QuestionFileError,
    check_against_corpus,
    load_questions,
    split_of,
)
from eval.suites import RetrievalSuite, Suite, load_suite
from rag.documents import load_corpus
from rag.errors import CorpusError, UsageError

TEXTS = {"bees.txt": "Honey bees live in colonies of about 50,000 workers."}
GOOD = {
    "id": "fact-1",
    "kind": "fact",
    "question": "How many workers live in a colony?",
    "answerable": True,
    "facts": [["50,000", "fifty thousand"], ["colonies"]],
    "evidence": [{"doc": "bees.txt", "start": 0, "end": 52}],
    "forbidden": [["90,000"]],
    "history": ["Tell me about bees."],
    "note": "counted",
}


def write_lines(path, *rows):
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    return path


def question(question_id, kind="fact"):
    return Question(question_id, kind, "?", True, (("50,000",),), (GoldSpan("bees.txt", 0, 52),))


# --- reading ----------------------------------------------------------------------------------


def test_a_question_is_read_and_written_back(tmp_path):
    path = write_lines(tmp_path / "q.jsonl", GOOD)
    (found,) = load_questions([path])
    assert found == Question(
        id="fact-1",
        kind="fact",
        question="How many workers live in a colony?",
        answerable=True,
        facts=(("50,000", "fifty thousand"), ("colonies",)),
        evidence=(GoldSpan("bees.txt", 0, 52),),
        forbidden=(("90,000",),),
        history=("Tell me about bees.",),
        note="counted",
    )
    assert Question.from_dict(json.loads(json.dumps(found.to_dict()))) == found


def test_optional_fields_may_be_missing(tmp_path):
    bare = {key: GOOD[key] for key in ("id", "kind", "question", "answerable")}
    (found,) = load_questions([write_lines(tmp_path / "q.jsonl", bare)])
    assert found == Question("fact-1", "fact", GOOD["question"], True, (), ())


def test_files_are_read_in_order(tmp_path):
    one = write_lines(tmp_path / "1.jsonl", GOOD | {"id": "b"}, GOOD | {"id": "a"})
    two = write_lines(tmp_path / "2.jsonl", GOOD | {"id": "c"})
    assert [q.id for q in load_questions([two, one])] == ["c", "b", "a"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", ""),
        ("id", 7),
        ("id", None),
        ("kind", " "),
        ("question", "\n"),
        ("question", ["How many?"]),
        ("answerable", "yes"),
        ("answerable", 1),
        ("facts", "50,000"),
        ("facts", ["50,000"]),
        ("facts", [[]]),
        ("facts", [["50,000", ""]]),
        ("facts", [[50000]]),
        ("forbidden", {"a": 1}),
        ("forbidden", [["x"], []]),
        ("history", "before"),
        ("history", [1]),
        ("evidence", {"doc": "bees.txt", "start": 0, "end": 5}),
        ("evidence", ["bees.txt"]),
        ("evidence", [{"doc": "bees.txt", "start": 0}]),
        ("evidence", [{"doc": "bees.txt", "start": 0, "end": 5, "text": "Honey"}]),
        ("evidence", [{"doc": "bees.txt", "start": "0", "end": 5}]),
        ("evidence", [{"doc": "bees.txt", "start": 0, "end": 5.0}]),
        ("evidence", [{"doc": 1, "start": 0, "end": 5}]),
        ("colour", "yellow"),
    ],
)
def test_a_wrong_field_is_one_error_with_its_place(tmp_path, field, value):
    first = GOOD | {"id": "fine"}
    path = write_lines(tmp_path / "bad.jsonl", first, GOOD | {field: value})
    with pytest.raises(QuestionFileError) as caught:
        load_questions([path])
    message = str(caught.value)
    assert message.startswith(f"{path}, line 2: field {field} is ")
    assert "\n" not in message


@pytest.mark.parametrize("field", ["id", "kind", "question", "answerable"])
def test_a_missing_field_is_named(tmp_path, field):
    row = {key: value for key, value in GOOD.items() if key != field}
    path = write_lines(tmp_path / "bad.jsonl", row)
    with pytest.raises(QuestionFileError, match=f"line 1: field {field} is null"):
        load_questions([path])


@pytest.mark.parametrize("line", ["{", '{"id": 1', "[1, 2]", '"text"', "null"])
def test_a_line_that_is_no_object_is_named(tmp_path, line):
    path = write_lines(tmp_path / "bad.jsonl", GOOD, line)
    with pytest.raises(QuestionFileError) as caught:
        load_questions([path])
    assert str(caught.value).startswith(f"{path}, line 2: ")


def test_an_id_that_comes_twice_is_named_with_both_places(tmp_path):
    one = write_lines(tmp_path / "1.jsonl", GOOD | {"id": "a"}, GOOD)
    two = write_lines(tmp_path / "2.jsonl", GOOD | {"question": "Another?"})
    with pytest.raises(QuestionFileError) as caught:
        load_questions([one, two])
    message = str(caught.value)
    assert message.startswith(f"{two}, line 1: field id is 'fact-1'")
    assert f"{one}, line 2" in message


# --- against the corpus -----------------------------------------------------------------------


def test_evidence_that_holds_its_facts_is_accepted():
    sound = Question.from_dict(GOOD)
    check_against_corpus([sound], TEXTS)
    check_against_corpus([replace(sound, answerable=False, facts=(), evidence=())], TEXTS)


@pytest.mark.parametrize(("start", "end"), [(0, 53), (-1, 52), (52, 52), (30, 20), (60, 70)])
def test_evidence_out_of_range_is_named(start, end):
    bad = replace(question("far"), evidence=(GoldSpan("bees.txt", start, end),))
    with pytest.raises(QuestionFileError, match=r"far: field evidence is .* 52 characters"):
        check_against_corpus([question("fine"), bad], TEXTS)


def test_evidence_of_an_unknown_document_is_named():
    bad = replace(question("lost"), evidence=(GoldSpan("wasps.txt", 0, 5),))
    with pytest.raises(QuestionFileError, match=r"lost: field evidence names wasps\.txt"):
        check_against_corpus([bad], TEXTS)


@pytest.mark.parametrize(
    ("facts", "end"),
    [
        ((("90,000",),), 52),
        ((("50,000",), ("Beatrix",)), 52),
        ((("50,000",),), 30),  # the span ends before the number
        ((("50",),), 52),  # only part of a number
    ],
)
def test_a_fact_that_is_not_in_its_evidence_is_named(facts, end):
    bad = replace(question("thin"), facts=facts, evidence=(GoldSpan("bees.txt", 0, end),))
    with pytest.raises(QuestionFileError, match="thin: field evidence does not hold the fact"):
        check_against_corpus([bad], TEXTS)


@pytest.mark.parametrize("change", [{"answerable": False}, {"facts": ()}])
def test_facts_and_answerable_must_fit(change):
    with pytest.raises(QuestionFileError, match="odd: field facts"):
        check_against_corpus([replace(question("odd"), **change)], TEXTS)


def test_an_answerable_question_needs_evidence():
    with pytest.raises(QuestionFileError, match="bare: field evidence"):
        check_against_corpus([replace(question("bare"), evidence=())], TEXTS)


# --- our own questions ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def own():
    """As load_suite(None) reads them, from wherever the tests are run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(suites, "ARTICLES", ROOT / "seeds")
        patch.setattr(suites, "QUESTIONS", ROOT / "eval" / "questions")
        return load_suite(None)


def test_our_questions_fit_the_articles(own):
    assert (own.name, own.corpus) == ("articles", ROOT / "seeds")
    texts = {d.id: d.text for d in load_corpus(ROOT / "seeds").documents}
    assert len(texts) == 5
    check_against_corpus(own.questions, texts)


def test_our_questions_are_enough_and_of_all_kinds(own):
    assert len(own.questions) >= 160
    assert sum(not q.answerable for q in own.questions) >= 45
    assert {q.kind for q in own.questions} == set(KINDS)


def test_every_article_is_asked_about(own):
    asked = {span.doc for q in own.questions for span in q.evidence}
    assert asked == {path.name for path in (ROOT / "seeds").glob("*.txt")}


def test_no_question_is_asked_twice(own):
    worded = Counter((q.question.casefold(), q.history) for q in own.questions)
    assert [words for words, times in worded.items() if times > 1] == []


def test_our_split_is_whole_disjoint_and_balanced(own):
    sides = {
        side: {q.id for q in own.questions if own.split[q.id] == side} for side in ("dev", "test")
    }
    assert not sides["dev"] & sides["test"]
    assert sides["dev"] | sides["test"] == {q.id for q in own.questions} == set(own.split)
    for kind in KINDS:
        counts = Counter(own.split[q.id] for q in own.questions if q.kind == kind)
        assert abs(counts["dev"] - counts["test"]) <= 1, kind


# --- the split --------------------------------------------------------------------------------


def test_the_split_does_not_depend_on_order_or_wording():
    questions = [question(f"q{i}", kind) for i in range(9) for kind in ("fact", "why")]
    questions = [replace(q, id=f"{q.kind}-{q.id}") for q in questions]
    split = split_of(questions)
    assert split_of(questions[::-1]) == split
    assert split_of([replace(q, question="Other words?") for q in questions]) == split
    for kind in ("fact", "why"):
        counts = Counter(split[q.id] for q in questions if q.kind == kind)
        assert sorted(counts.values()) == [4, 5]


def test_the_split_is_by_hash_not_by_place_in_the_file():
    split = split_of([question(f"q{i:02}") for i in range(40)])
    assert [split[f"q{i:02}"] for i in range(40)] != ["dev", "test"] * 20
    # sha256 of a begins with ca97, that of b with 3e23: b comes first
    assert split_of([question("a"), question("b")]) == {"b": "dev", "a": "test"}


def test_the_split_of_a_kind_does_not_depend_on_other_kinds():
    facts = [question(f"q{i}") for i in range(8)]
    others = [question(f"w{i}", "why") for i in range(5)]
    alone, together = split_of(facts), split_of([*others, *facts])
    assert {key: together[key] for key in alone} == alone


# --- outside suites ---------------------------------------------------------------------------


@pytest.fixture
def outside(tmp_path):
    folder = tmp_path / "zoo"
    (folder / "docs").mkdir(parents=True)
    (folder / "docs" / "bees.txt").write_text(TEXTS["bees.txt"], encoding="utf-8")
    (folder / "docs" / "tea.txt").write_text("Thé: 80 degrees.", encoding="utf-8")
    write_lines(
        folder / "qa.jsonl",
        {
            "id": "z1",
            "question": "How many workers?",
            "answers": ["50,000", "fifty thousand"],
            "answerable": True,
            "docs": ["bees", "tea"],
            "type": "count",
        },
        {"id": "z2", "question": "Who?", "answers": [], "answerable": False, "docs": []},
    )
    return folder


def test_an_outside_suite(outside):
    suite = load_suite(outside)
    assert isinstance(suite, Suite)
    assert (suite.name, suite.corpus) == ("zoo", outside / "docs")
    counted, other = suite.questions
    assert (counted.id, counted.kind, counted.question) == ("z1", "count", "How many workers?")
    assert counted.facts == (("50,000", "fifty thousand"),)  # spellings of one fact
    assert counted.evidence == (GoldSpan("bees.txt", 0, 52), GoldSpan("tea.txt", 0, 16))
    assert (other.kind, other.answerable) == ("question", False)
    assert other.facts == other.evidence == ()
    assert suite.split == {"z1": "test", "z2": "test"}


def test_an_outside_suite_without_a_document(outside):
    for path in (outside / "docs").iterdir():
        path.unlink()
    with pytest.raises(CorpusError):
        load_suite(outside)


@pytest.fixture
def beir(tmp_path):
    folder = tmp_path / "facts"
    folder.mkdir()
    write_lines(
        folder / "docs.jsonl",
        {"id": "d1", "title": "Bees", "text": "They fly."},
        {"id": "2", "title": "", "text": "Tea is hot."},
        {"id": "d3", "text": "No title."},
    )
    write_lines(folder / "queries.jsonl", {"id": "1", "text": "What flies?"})
    (folder / "qrels.tsv").write_text(
        "query-id\tcorpus-id\tscore\n1\td1\t2\n1\t2\t0\n", encoding="utf-8"
    )
    return folder


def test_the_unseen_suite_shares_nothing_with_the_training():
    suite = load_suite(ROOT / "eval/unseen")
    trained = {document.text for document in load_corpus(ROOT / "eval/training/docs").documents}
    unseen = load_corpus(suite.corpus).documents
    assert len(suite.questions) == 360
    assert set(suite.split.values()) == {"test"}
    assert not trained & {document.text for document in unseen}
    assert all(question.evidence for question in suite.questions if question.answerable)


@pytest.mark.parametrize(
    ("name", "questions", "kinds"),
    [
        ("folders", 105, {"handbook", "router", "people"}),
        ("notes", 60, {"any", "news", "town", "kestrel"}),
        ("again", 64, set(KINDS)),
    ],
)
def test_further_suites(name, questions, kinds):
    suite = load_suite(ROOT / "eval" / name)
    assert len(suite.questions) == questions
    assert {question.id.split("-")[0] for question in suite.questions} <= kinds
    assert all(question.evidence for question in suite.questions if question.answerable)


def test_no_question_on_the_articles_is_asked_twice(monkeypatch):
    monkeypatch.chdir(ROOT)
    asked = {question.question for question in load_suite(None).questions}
    again = {question.question for question in load_suite(ROOT / "eval/again").questions}
    assert not asked & again


def test_a_suite_in_the_form_of_beir(beir):
    assert load_suite(beir) == RetrievalSuite(
        "facts",
        documents={"d1": "Bees\n\nThey fly.", "2": "Tea is hot.", "d3": "No title."},
        queries={"1": "What flies?"},
        qrels={"1": {"d1": 2, "2": 0}},
    )


def test_judgements_may_have_no_header(beir):
    (beir / "qrels.tsv").write_text("1\td1\t2\n1\t2\t0\n", encoding="utf-8")
    assert load_suite(beir).qrels == {"1": {"d1": 2, "2": 0}}


@pytest.mark.parametrize("line", ["9\td1\t1", "1\td1", "1\td1\tx", "1\t0\td1\t1"])
def test_a_wrong_judgement_is_named(beir, line):
    (beir / "qrels.tsv").write_text(f"1\td1\t2\n{line}\n", encoding="utf-8")
    with pytest.raises(QuestionFileError, match=r"qrels\.tsv, line 2: expected a known query"):
        load_suite(beir)


@pytest.mark.parametrize(
    ("name", "content"),
    [("qrels.tsv", ""), ("qrels.tsv", "query-id\tcorpus-id\tscore\n"), ("docs.jsonl", "\n")],
)
def test_nothing_can_be_ranked_by_an_empty_file(beir, name, content):
    (beir / name).write_text(content, encoding="utf-8")
    with pytest.raises(UsageError, match=rf"{name} holds no line, expected at least one; add it"):
        load_suite(beir)


@pytest.mark.parametrize("missing", ["docs.jsonl", "queries.jsonl", "qrels.tsv"])
def test_a_folder_that_lacks_a_file_is_no_suite(beir, missing):
    (beir / missing).unlink()
    with pytest.raises(
        UsageError, match=r"is no suite; expected docs/ with questions\.jsonl or qa\.jsonl"
    ):
        load_suite(beir)


@pytest.mark.parametrize("missing", ["docs", "qa.jsonl"])
def test_half_an_outside_suite_is_no_suite(outside, missing):
    (outside / missing).rename(outside / "elsewhere")
    with pytest.raises(UsageError, match="is no suite"):
        load_suite(outside)


def test_no_folder_at_all_is_no_suite(tmp_path):
    with pytest.raises(UsageError, match="nowhere is no suite"):
        load_suite(tmp_path / "nowhere")
