from collections.abc import Sequence
from pathlib import Path

import pytest
from conftest import BagOfWordsEmbedder, CopyingGenerator, FixedGenerator

from rag.abstention import DEFAULT, Calibration
from rag.ask import format_answer
from rag.config import Config
from rag.documents import load_corpus
from rag.errors import QuestionError
from rag.index import open_or_build
from rag.pipeline import Pipeline
from rag.refusal import REFUSAL
from rag.types import Answer, Evidence, Generator, Judge

COLOURS = ("red", "blue", "green", "white", "black", "grey")


class PreferringJudge:
    """Sure of sentences that hold a word, and that all others are beside the question."""

    name = "preferring"

    def __init__(self, word: str) -> None:
        self.word = word

    def log_odds(self, question: str, evidence: Sequence[Evidence]) -> list[float]:
        return [3.0 if self.word in e.text else -6.0 for e in evidence]


def pipeline(
    corpus: Path,
    generator: Generator | None = None,
    config: Config | None = None,
    judge: Judge | None = None,
) -> Pipeline:
    calibration = DEFAULT if judge is None else Calibration("any", 2.0, 1.0, 1.0)
    config = config or Config(quote_words=0)  # else the generator is seldom asked
    embedder = BagOfWordsEmbedder()
    index = open_or_build(corpus.parent / "index", load_corpus(corpus), embedder, config)
    return Pipeline(index, embedder, generator or CopyingGenerator(), config, judge, calibration)


def check_quotes(answer: Answer, corpus: Path) -> None:
    for citation in answer.citations:
        text = (corpus / citation.doc).read_text(encoding="utf-8")
        assert text[citation.start : citation.end] == citation.quote
        assert f"[{citation.marker}]" in answer.answer
    for passage in answer.passages:
        text = (corpus / passage.doc).read_text(encoding="utf-8")
        assert text[passage.start : passage.end] == passage.text


def test_an_answer_with_its_quote(corpus_folder: Path) -> None:
    answer = pipeline(corpus_folder).ask("How many workers live in a bee colony?")
    assert answer.answer == "Honey bees live in colonies of about 50,000 workers. [1]"
    assert not answer.refused
    (citation,) = answer.citations
    assert (citation.doc, citation.title) == ("bees.txt", "The life of bees")
    check_quotes(answer, corpus_folder)


def test_another_topic_is_refused_without_asking_the_generator(corpus_folder: Path) -> None:
    generator = CopyingGenerator()
    answer = pipeline(corpus_folder, generator).ask("Which orchestra plays Mahler tonight?")
    assert answer.refused
    assert answer.answer == REFUSAL
    assert answer.reasons[0].startswith("The nearest sentence does not name Mahler; it answers")
    assert answer.reasons[0].endswith(", and 30% is needed.")
    assert answer.citations == ()
    assert generator.prompts == []
    check_quotes(answer, corpus_folder)


@pytest.mark.parametrize(
    "draft", ["Bees live in colonies of 90,000 workers.", "Yes.", "", "[1] [2]"]
)
def test_a_draft_that_is_not_proven_gives_way_to_the_source(
    corpus_folder: Path, draft: str
) -> None:
    answer = pipeline(corpus_folder, FixedGenerator(draft)).ask(
        "How many workers live in a bee colony?"
    )
    assert answer.answer == "Honey bees live in colonies of about 50,000 workers. [1]"


def test_markers_of_the_draft_and_control_tokens_are_not_taken_over(corpus_folder: Path) -> None:
    draft = "Honey bees live in colonies of about 50,000 workers [7]."
    answer = pipeline(corpus_folder, FixedGenerator(draft)).ask("How many workers in a bee colony?")
    assert "[7]" not in answer.answer
    check_quotes(answer, corpus_folder)


def test_equal_quotes_share_a_marker(corpus_folder: Path) -> None:
    draft = "The queen lays up to 2,000 eggs a day. The queen lays 2,000 eggs in summer."
    answer = pipeline(corpus_folder, FixedGenerator(draft)).ask("How many eggs does the queen lay?")
    assert answer.answer.count("[1]") == 2
    assert len(answer.citations) == 1


def test_max_words_stops_further_sentences(corpus_folder: Path) -> None:
    draft = "The queen lays up to 2,000 eggs a day. The queen lays 2,000 eggs in summer."
    short = pipeline(corpus_folder, FixedGenerator(draft), Config(max_words=8, quote_words=0))
    assert short.ask("How many eggs does the queen lay?").answer.count(".") == 1


def test_top_k_is_obeyed_and_hits_are_ordered(corpus_folder: Path) -> None:
    answer = pipeline(corpus_folder, config=Config(top_k=1)).ask("green tea and honey bees")
    assert len(answer.passages) == 1


def test_no_question_is_no_answer(corpus_folder: Path) -> None:
    with pytest.raises(QuestionError):
        pipeline(corpus_folder).ask(" ")
    with pytest.raises(QuestionError, match="found NoneType"):
        pipeline(corpus_folder).ask(None)


def test_the_json_contract(corpus_folder: Path) -> None:
    found = pipeline(corpus_folder).ask("How many eggs does the queen lay a day?").to_dict()
    assert list(found) == [
        "question",
        "answer",
        "refused",
        "citations",
        "passages",
        "models",
        "seconds",
        "confidence",
        "parts",
        "conflict",
        "outcome",
    ]
    assert found["parts"] == (
        {
            "question": "How many eggs does the queen lay a day?",
            "answered": True,
            "confidence": found["confidence"],
            "reason": "",
        },
    )
    assert 0.3 < found["confidence"] < 1
    assert found["outcome"] == "answered"
    assert list(found["citations"][0]) == [
        "marker",
        "doc",
        "title",
        "start",
        "end",
        "quote",
        "date",
        "page",
        "url",
    ]
    assert set(found["passages"][0]) == {"doc", "start", "end", "text", "score"}
    assert found["models"] == {
        "generator": "copier",
        "embedder": "bag of words",
        "judge": "none",
    }
    assert set(found["seconds"]) == {"retrieve", "judge", "generate", "ground", "total"}


def test_a_list_is_answered_by_the_sentence_that_lists_most(corpus_folder: Path) -> None:
    (corpus_folder / "dogs.txt").write_text(
        "The Wild Dogs are a well known and much loved band of friends from Dublin. "
        "The Wild Dogs are Anna, Boris, Carla and Dmitri."
    )
    draft = "The Wild Dogs are a well known band of friends from Dublin."
    answer = pipeline(corpus_folder, FixedGenerator(draft)).ask("Who are the Wild Dogs?")
    assert answer.answer.startswith("The Wild Dogs are Anna, Boris, Carla and Dmitri. [1]")


def test_markers_inside_a_document_are_quoted_but_not_cited(corpus_folder: Path) -> None:
    line = "The comet Zarquon[3] returns every 76 years [12], said astronomers."
    (corpus_folder / "comet.txt").write_text(line)
    answer = pipeline(corpus_folder).ask("After how many years does the comet Zarquon return?")
    assert answer.answer == (
        "The comet Zarquon［3］ returns every 76 years ［12］, said astronomers. [1]"
    )
    assert answer.citations[0].quote == line
    check_quotes(answer, corpus_folder)


def test_max_words_holds_for_quotes_too(corpus_folder: Path) -> None:
    (corpus_folder / "cats.txt").write_text(
        "Cats in Lisbon sleep about sixteen hours a day. Cats in Porto sleep about ten hours a day."
    )
    question = "How many hours do cats sleep a day?"
    two, one = (
        pipeline(corpus_folder, FixedGenerator(""), Config(max_words=words)).ask(question).answer
        for words in (60, 10)
    )
    assert "Lisbon" in two
    assert "Porto" in two
    assert ("Lisbon" in one) != ("Porto" in one)


def test_a_sentence_that_lost_its_full_stop_is_ended_in_the_answer_only(
    corpus_folder: Path,
) -> None:
    (corpus_folder / "owl.txt").write_text("The owl Minerva lives in northern Wales")
    answer = pipeline(corpus_folder).ask("Where does the owl Minerva live?")
    assert answer.answer == "The owl Minerva lives in northern Wales. [1]"
    assert answer.citations[0].quote == "The owl Minerva lives in northern Wales"


def test_the_judge_orders_the_sentences_and_decides_on_refusal(corpus_folder: Path) -> None:
    (corpus_folder / "cats.txt").write_text(
        "Cats in Lisbon sleep about sixteen hours a day. Cats in Porto sleep about ten hours a day."
    )
    question = "How many hours do cats sleep a day?"
    for word in ("sixteen", "ten"):
        judged = pipeline(corpus_folder, FixedGenerator(""), judge=PreferringJudge(word))
        assert judged.ask(question).citations[0].quote.split()[5] == word
    nothing = pipeline(corpus_folder, judge=PreferringJudge("no such word"))
    assert nothing.ask(question).refused


def test_a_follow_up_is_understood_from_the_question_before(corpus_folder: Path) -> None:
    assert pipeline(corpus_folder).ask("and how many?").refused
    before = "What does the queen lay in summer, eggs?"
    answer = pipeline(corpus_folder).ask("and how many?", ["Who is Ms. Ito?", before])
    assert answer.question == "and how many?"
    assert answer.parts[0].question == f"and how many? ({before})"
    assert "2,000 eggs" in answer.answer


def test_a_part_that_is_not_told_is_named(corpus_folder: Path) -> None:
    answer = pipeline(corpus_folder).ask(
        "How many eggs does the queen lay a day, and who conducts Mahler in Berlin?"
    )
    assert answer.outcome == "partly"
    assert "2,000 eggs" in answer.answer
    assert answer.answer.endswith("The corpus does not tell: who conducts Mahler in Berlin?")
    assert [part.answered for part in answer.parts] == [True, False]
    assert answer.reasons == (answer.parts[1].reason,)
    check_quotes(answer, corpus_folder)


def test_of_several_parts_without_an_answer_each_has_its_reason(corpus_folder: Path) -> None:
    answer = pipeline(corpus_folder).ask("Who tunes pianos, and who conducts Mahler in Berlin?")
    assert answer.outcome == "refused"
    first, second = answer.reasons
    assert first.startswith("Who tunes pianos — The nearest sentence answers with")
    assert second.startswith("who conducts Mahler in Berlin? — The nearest sentence does")
    assert answer.to_dict()["parts"][1]["reason"] in second


def test_short_source_sentences_are_not_redrafted(corpus_folder: Path) -> None:
    generator = CopyingGenerator()
    question = "How many workers live in a bee colony?"
    answer = pipeline(corpus_folder, generator, Config()).ask(question)
    assert answer.answer == "Honey bees live in colonies of about 50,000 workers. [1]"
    assert generator.prompts == []
    pipeline(corpus_folder, generator, Config(quote_words=3)).ask(question)
    assert len(generator.prompts) == 1


def test_no_generator_at_all(corpus_folder: Path) -> None:
    made = pipeline(corpus_folder)
    made = Pipeline(
        made.index, BagOfWordsEmbedder(), None, Config(quote_words=0), calibration=DEFAULT
    )
    answer = made.ask("How many workers live in a bee colony?")
    assert answer.answer == "Honey bees live in colonies of about 50,000 workers. [1]"
    assert answer.models.generator == "none"
    assert answer.seconds.generate == 0


def test_a_sentence_that_answers_both_parts_is_said_once(corpus_folder: Path) -> None:
    answer = pipeline(corpus_folder).ask(
        "Who exported 12 million tins from Kyoto, and when were 12 million tins exported?"
    )
    assert answer.answer == "Ms. Ito of Kyoto exported 12 million tins in 2019. [1]"
    assert answer.outcome == "answered"


def test_parts_refer_to_each_other_and_to_the_conversation(corpus_folder: Path) -> None:
    answer = pipeline(corpus_folder).ask(
        "how many eggs does she lay, and when does she lay them?", ["What is the queen called?"]
    )
    assert [part.question for part in answer.parts] == [
        "how many eggs does she lay (What is the queen called?)",
        "when does she lay them? (how many eggs does she lay (What is the queen called?))",
    ]


def test_a_bad_earlier_question_is_an_error_of_the_asker(corpus_folder: Path) -> None:
    with pytest.raises(QuestionError):
        pipeline(corpus_folder).ask("who is he?", ["who is \0?"])


class RankingJudge:
    """Log odds by a word in the sentence."""

    name = "ranking"

    def __init__(self, **odds: float) -> None:
        self.odds = odds

    def log_odds(self, question: str, evidence: Sequence[Evidence]) -> list[float]:
        return [max(self.odds.get(word, -9.0) for word in e.text.split()) for e in evidence]


class NotingJudge(RankingJudge):
    """Keeps what it was given to read, pass by pass."""

    def log_odds(self, question: str, evidence: Sequence[Evidence]) -> list[float]:
        self.question = question
        self.passes = [*getattr(self, "passes", []), [e.text for e in evidence]]
        return super().log_odds(question, evidence)


@pytest.mark.parametrize(("odds", "passes"), [(-0.7, 1), (-0.8, 2)])
def test_the_others_are_read_where_none_of_the_best_answers(
    corpus_folder: Path, odds: float, passes: int
) -> None:
    for number in range(8):
        (corpus_folder / f"{number}.txt").write_text(f"Cats in Lisbon sleep in house {number}.")
    judge = NotingJudge(Lisbon=odds)
    pipeline(corpus_folder, config=Config(), judge=judge).ask("Where do cats in Lisbon sleep?")
    assert len(judge.passes[0]) == 4
    assert len(judge.passes) == passes
    read = [text for texts in judge.passes for text in texts]
    assert len(read) == len(set(read))
    assert (len(read) > 4) == (passes == 2)


@pytest.mark.parametrize(("second", "quotes"), [(2.2, 2), (1.8, 1)])
def test_a_second_sentence_of_the_same_document_must_be_near(
    corpus_folder: Path, second: float, quotes: int
) -> None:
    (corpus_folder / "cats.txt").write_text(
        "Cats in Lisbon sleep about sixteen hours a day. Cats in Porto sleep about ten hours a day."
    )
    judge = RankingJudge(sixteen=3.0, ten=second)
    answer = pipeline(corpus_folder, config=Config(), judge=judge).ask("How long do cats sleep?")
    assert len(answer.citations) == quotes


@pytest.mark.parametrize(
    ("other", "second", "quotes"),
    [("ten hours", 0.2, 2), ("ten hours", -0.2, 1), ("most hours", 1.2, 2), ("most hours", 0.8, 1)],
)
def test_another_source_is_heard_from_farther_most_of_all_where_it_says_otherwise(
    corpus_folder: Path, other: str, second: float, quotes: int
) -> None:
    (corpus_folder / "cats.txt").write_text("Cats in Lisbon sleep about sixteen hours a day.")
    (corpus_folder / "more.txt").write_text(f"Cats in Lisbon sleep about {other} of a day.")
    judge = RankingJudge(sixteen=3.0, **{other.split()[0]: second})
    answer = pipeline(corpus_folder, config=Config(), judge=judge).ask("How long do cats sleep?")
    assert [c.doc for c in answer.citations] == ["cats.txt", "more.txt"][:quotes]


@pytest.mark.parametrize("quote_words", [80, 0])  # with 0 other answers are drafted
def test_sources_that_disagree_are_both_quoted_and_named(tmp_path: Path, quote_words: int) -> None:
    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / "one.txt").write_text("Kivi Oy has 340 employees in Oulu.\n", encoding="utf-8")
    (folder / "two.txt").write_text("Kivi Oy has 520 employees in Oulu.\n", encoding="utf-8")
    drafting = FixedGenerator("Kivi Oy has 340 employees in Oulu.")
    config = Config(quote_words=quote_words)
    made = pipeline(folder, drafting, config, PreferringJudge("employees"))
    answer = made.ask("How many employees has Kivi Oy in Oulu?")
    assert "340" in answer.answer
    assert "520" in answer.answer
    assert answer.conflict == (1, 2)
    assert "The sources disagree: [1] [2]" in list(format_answer(answer, 80))
    check_quotes(answer, folder)


def test_one_source_that_tells_two_values_tells_of_two_things(tmp_path: Path) -> None:
    folder = tmp_path / "corpus"
    folder.mkdir()
    text = "Kivi Oy has 340 employees in Oulu. Kivi Oy has 520 employees in all, most of them old."
    (folder / "one.txt").write_text(text, encoding="utf-8")
    made = pipeline(folder, config=Config(), judge=PreferringJudge("employees"))
    answer = made.ask("How many employees has Kivi Oy in Oulu?")
    assert len(answer.citations) == 2
    assert answer.conflict == ()


def test_the_first_part_is_answered_before_the_next_is_searched(corpus_folder: Path) -> None:
    made = pipeline(corpus_folder, judge=PreferringJudge("eggs"))
    question = "How many eggs does the queen lay a day? Who won the regatta?"
    steps = list(made.steps(question))
    first, last = [step for step in steps if isinstance(step, Answer)]
    assert steps[steps.index(first) + 1] == "searching"
    assert [part.question for part in first.parts] == [last.parts[0].question]
    assert first.outcome == "answered"
    assert "2,000" in first.answer
    assert last.answer.startswith(first.answer)
    assert made.ask(question).answer == last.answer


def test_the_stages_are_told_before_the_answer(corpus_folder: Path) -> None:
    made = pipeline(corpus_folder, judge=PreferringJudge("eggs"))
    *stages, answer = made.steps("How many eggs does the queen lay a day?")
    assert stages == ["searching", "reading", "checking", "writing", "checking"]
    assert isinstance(answer, Answer)
    assert "2,000" in answer.answer


def test_a_question_is_read_in_the_spelling_of_the_corpus(tmp_path: Path) -> None:
    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / "a.txt").write_text("The government of Kerrow, said Kerrow, pays for the harbour.")
    judge = NotingJudge()
    system = pipeline(folder, judge=judge)
    meant = "what does the government of Kerrow pay for"
    assert system.ask("what does the goverment of kerrow pay for").understood == (meant,)
    assert judge.question == meant
    assert system.ask(meant.lower()).understood == ()  # capitals are nothing to tell
    assert judge.question == meant


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_row_of_a_table_is_quoted_with_its_head(tmp_path: Path, newline: str) -> None:
    lines = ["## Lights of the box", "", "| Light | State | Meaning |", "|---|---|---|"]
    lines += ["| Mesh | green | Two satellites |", "| Power | red | Broken hardware |"]
    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / "a.md").write_bytes(newline.join(lines).encode())
    judge = NotingJudge(red=3.0)
    answer = pipeline(folder, config=Config(), judge=judge).ask("What does a red power light mean?")
    assert answer.answer == "Light: Power; State: red; Meaning: Broken hardware. [1][2]"
    quotes = [citation.quote for citation in answer.citations]
    assert quotes == ["| Power | red | Broken hardware |", "| Light | State | Meaning |"]
    assert "## Lights of the box" not in judge.passes[0]
    text = newline.join(lines)
    assert all(text[c.start : c.end] == c.quote for c in answer.citations)


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("What is in the box?", "Router, white; Cable, yellow. [1]"),
        ("What colour is the cable?", "Cable, yellow. [1]"),
    ],
)
def test_a_list_that_is_asked_for_is_quoted_whole(tmp_path: Path, question: str, said: str) -> None:
    text = "Unpack it at once.\n\n## What is in the box\n\n- Router, white\n- Cable, yellow\n"
    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / "a.md").write_text(text)
    answer = pipeline(folder, config=Config(), judge=RankingJudge(**{"yellow": 3.0})).ask(question)
    assert answer.answer == said
    check_quotes(answer, folder)


def test_a_list_in_two_chunks_is_quoted_once_and_without_its_items(tmp_path: Path) -> None:
    items = [f"- One {colour} piece of the finest rope, a metre long" for colour in COLOURS]
    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / "a.md").write_text(
        "\n".join(["# The Tern six", "", "## What is in the box", "", *items])
    )
    judge = RankingJudge(One=3.0)
    system = pipeline(folder, config=Config(chunk_chars=200), judge=judge)
    assert len(system.index.chunks) > 1
    (whole,) = system.ask("What is in the box?").citations
    assert whole.quote == "\n".join(items)
    (whole,) = system.ask("What is in the box, red?").citations  # a word of one item
    assert whole.quote in ("\n".join(items), items[0])
