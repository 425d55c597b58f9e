from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.sentences import MAX_SENTENCE_CHARS, split_sentences
from rag.types import Span

ARTICLE_LIKE = st.text(
    alphabet=st.one_of(
        st.sampled_from("abcdeTIA .!?\n\"'“”,1-"),
        st.characters(codec="utf-8", max_codepoint=0x3100),
    ),
    max_size=400,
)


def sentences(text: str) -> list[str]:
    return [span.of(text) for span in split_sentences(text)]


@given(ARTICLE_LIKE)
def test_spans_are_ordered_disjoint_and_lose_nothing(text: str) -> None:
    spans = split_sentences(text)
    for span in spans:
        piece = span.of(text)
        assert piece == piece.strip() != ""
        assert len(piece) <= MAX_SENTENCE_CHARS
    assert all(a.end <= b.start for a, b in pairwise(spans))
    assert "".join("".join(s.of(text).split()) for s in spans) == "".join(text.split())


@given(ARTICLE_LIKE, st.integers(0, 50), st.integers(0, 400))
def test_a_part_of_a_text_keeps_the_offsets_of_the_whole(text: str, start: int, end: int) -> None:
    within = Span(min(start, len(text)), min(end, len(text)))
    for span in split_sentences(text, within):
        assert within.start <= span.start < span.end <= within.end


def test_lost_spaces_and_full_stops_are_found() -> None:
    assert sentences("It bought the startup, DeepSeekThis news spread. DeepSeek is new.") == [
        "It bought the startup, DeepSeek",
        "This news spread.",
        "DeepSeek is new.",
    ]
    assert sentences("All are born in winter.The era has begun.") == [
        "All are born in winter.",
        "The era has begun.",
    ]
    assert sentences("new drivers of development Two months later, he left.") == [
        "new drivers of development",
        "Two months later, he left.",
    ]
    assert sentences("the future in AIIt felt so. AI is here.")[0] == "the future in AI"
    assert sentences("labelled as unfoundedYet, experts saw more.")[1] == "Yet, experts saw more."


def test_names_and_abbreviations_are_not_cut() -> None:
    for whole in (
        "DingTalk, QuestMobile and LinkedIn use an iPhone.",
        "Dr. Smith of J. P. Morgan Inc. met Mr. Wu on Nov. 29 in the U.S. market.",
        "The stock closed at $123.90, up 4.6% on JD.com data.",
        "He said 3.08 million people, e.g. students, use Ele.me daily.",
    ):
        assert sentences(whole) == [whole]


@pytest.mark.parametrize(
    "whole",
    [
        "World War Two ended in 1945.",
        "Capital One acquired Discover in 2025 for its cards.",
        "Doctor Who was first broadcast in 1963.",
        "Patients with Type Two diabetes need insulin.",
        "Building starts when phase Two begins in May.",
        "Gone With the wind was a novel first.",
        "Set the status to In progress before you begin.",
        "Click All files to see them, or select Most recent there.",
    ],
)
def test_names_and_labels_that_end_or_begin_like_a_sentence_are_whole(whole: str) -> None:
    assert sentences(whole) == [whole]


def test_a_starter_after_a_lost_full_stop_opens_a_sentence() -> None:
    for first, second in (
        ("adoption of public cloud products", "From the report, the share grew."),
        ("while browsing Taobao", "Soon, the app will support it."),
        ("for global business development", "Two months later, he left."),
        ("revenue rose by 46", "The board was pleased."),
    ):
        assert sentences(f"{first} {second}") == [first, second]


@pytest.mark.parametrize(
    "whole",
    [
        "The lift carries max. 500 kg per ride.",
        "The deposit is min. 3 months of rent.",
        "Call Ann Lee at ext. 42 for keys, or tel. 020 for help.",
        "See para. 4 and cl. 7 of it, at temp. 20 or ver. 3.",
        "Es kostet ca. 900 Euro in Haus Nr. 5 dort.",
        "Capt. Smith saw Mt. Everest from Fifth Ave. Hotel.",
        "It costs 40 euros incl. VAT per night.",
        "Am 3. Oktober ist frei, on 12. May it is not.",
        "J.K. Rowling, J.R.R. Tolkien and B.B. King read U.S.A. Today.",
        "They met Dr. Who and Prof. Wu at 5 p.m. Monday.",
        "They met _Dr._ Who and **Prof.** Wu of *Lee et al.* Who else came?",
        "Das kostet ca. über 5 Euro bzw. ähnlich viel.",
        "Он живёт на ул. ленина и др. улицах.",
        "It is azote (Gk. ἄζωτον), as they say.",
        "It costs approx. $5, max. €9, or U.S. $5 with Lee Inc. $2 off.",
        "Type the path. $ and $HOME are for shells.",
    ],
)
def test_abbreviations_keep_what_follows_them(whole: str) -> None:
    assert sentences(whole) == [whole]


def test_a_sentence_may_end_with_an_abbreviation() -> None:
    for first, second in (
        ("It moved to the U.S.", "The firm grew."),
        ("Doors open at 5 p.m.", "If it rains, they do not."),
        ("He likes music, art, etc.", "However, he is poor."),
        ("The answer is no.", "The tenant pays."),
        ("This load is the max.", "Nobody may exceed it."),
    ):
        assert sentences(f"{first} {second}") == [first, second]


@pytest.mark.parametrize(
    "pieces",
    [
        ["**The board met.**", "The chair resigned.", "**Ann Lee** was elected."],
        ["_The board met._", "`Lee` failed.", "*Did it?*", "It did."],
        ["The board met in May.[^1]", "The chair resigned.[2][3]", "Ann was elected."],
        ["The board met.[citation needed]", "The chair resigned."],
        ["Terminó.", "¿Qué pasó?", "¡Nada!", "„Nichts.“", "Schön."],
        ["Он ушёл.", "Она осталась."],
        ["ეს არის.", "ის წავიდა."],
        ["**1.** Pay the rent.", "Then sign."],
        ["Run SELECT users.* FROM it."],
        ["他走了。", "iPhone 很好。"],
    ],
)
def test_marks_of_emphasis_and_of_footnotes_stay_with_their_sentences(pieces: list[str]) -> None:
    assert sentences(" ".join(pieces)) == pieces


@pytest.mark.parametrize(
    "pieces",
    [
        ["10 people left.", "$5 was paid.", "“€3.50 more?”", "(£2 less.)", "¥100 it was."],
        ["यह घर है।", "वह कहाँ है?", "वह यहाँ है॥[2]", "अच्छा।"],
        ["یہ گھر ہے۔", "وہ کہاں ہے؟", "پی۔ایچ۔ڈی ہے۔"],
        ["أين البيت؟!", "«هنا.»", "متى؟", "10 أيام."],
    ],
)
def test_sentences_begin_with_money_and_end_with_marks_of_other_scripts(pieces: list[str]) -> None:
    assert sentences(" ".join(pieces)) == pieces


def test_items_of_a_list_and_headings_are_apart() -> None:
    items = [
        "1. Pay the deposit of 500 euros at the front desk",
        "2. Sign the contract with the landlord in the office",
        "3) Collect the keys to your flat from the caretaker",
        "a) and read the rules of the house",
    ]
    assert sentences("\n".join(items)) == items
    assert sentences("1.2. Pay the rent. Then sign.") == ["1.2. Pay the rent.", "Then sign."]
    heading = "## Refund policy for customers in Europe and in Asia"
    assert sentences(f"{heading}\nRefunds take 14 days.") == [heading, "Refunds take 14 days."]


@pytest.mark.parametrize(
    "text",
    [
        "Der Tag der Deutschen Einheit wird in jedem Jahr am\n3. Oktober gefeiert.",
        "The oldest version of the language that is supported (\n3.8)\nis in use.",
        "#11 of the issues was closed by its author long before\n12 was opened.",
    ],
)
def test_a_wrapped_line_may_look_like_an_item_or_a_heading(text: str) -> None:
    assert sentences(text) == [text]


@pytest.mark.parametrize(
    "whole",
    [
        "The default value of timeoutSeconds is 30 seconds in all clusters.",
        "Set replicaCount to 3, createdAt to now and findOne to none.",
        "Sign here, then SignIn with LinkedIn where it is Linked.",
        "Use Math.Round to round, or Math.Floor, and Date.Now as well.",
        "Call console.Write(text) or {stream.Writable} or system.Text.Json there.",
        "The type net.Socket is a stream.",
        "Call `shareThis` when `timeoutSeconds` has passed and `replicaCount` is 3.",
        "Use renderIt() when timeoutSeconds has passed and replicaCount is 3.",
    ],
)
def test_names_of_code_are_whole(whole: str) -> None:
    assert sentences(whole) == [whole]


def test_a_joint_needs_evidence_in_the_text() -> None:
    joint = "It was a reality checkAlibaba released a statement."
    assert sentences(joint) == [joint]
    assert sentences(f"{joint} Alibaba grew. Then Alibaba shrank.")[1].startswith("Alibaba rel")
    assert sentences(f"{joint} It pleased investorsThe market rose.")[1].startswith("Alibaba rel")
    code_in_a_book = f"{joint} Use printThis here. {'All is well. ' * 1000}"
    assert sentences(code_in_a_book)[0] == joint


def test_a_lost_space_is_found() -> None:
    for first, second in (
        ("He left in winter.", "Alibaba grew."),
        ("He left in winter.", "In 2024 it grew."),
        ("The firm grew in China.", "The rest shrank."),
    ):
        assert sentences(first + second) == [first, second]


def test_lines_wrapped_by_hand_stay_one_sentence() -> None:
    text = "A long line of prose that was wrapped at seventy columns by\nits author.\n\nNew."
    assert sentences(text) == [text[: text.index("\n\n")], "New."]


@pytest.mark.parametrize(
    "text",
    [
        "The budget for the year was cut by the board of the company\n(see the minutes) by 5%.",
        "The rent is paid by the tenant in each of the months by\n“the first day of it”, or else.",
        'The rent is paid by the tenant in each of the months by\n"the first day" of it.',
        "The board decided on Tuesday that the company pays\n$5 million to Ann Lee.",
        "> The board decided on Tuesday that the whole\n> budget of the year is cut.",
        ">> The board decided on Tuesday that the whole\n>> budget of the year is cut.",
        "Note: the board decided on Tuesday to cut the budget of\nthe year: it is too large.",
    ],
)
def test_a_wrapped_line_may_begin_with_a_mark(text: str) -> None:
    assert sentences(text) == [text]


@pytest.mark.parametrize(
    "lines",
    [
        [
            "Ann: I think that we should go with the other supplier this year",
            "Bob Lee: no, we should stay with the one that we have always had",
            "carl: yes",
        ],
        [
            "00:01 Ann: I think that we should go with the other supplier",
            "00:02 Bob: no, we should stay",
        ],
        [
            "[1/2/24, 10:15 AM] Ann: I think that we should go with the other one",
            "[1/2/24, 10:16 AM] Bob: no, we should stay",
        ],
        [
            "2024-01-02 10:15 - Ann: I think that we should go with the other one",
            "2024-01-02 10:16 - Bob: no, we should stay",
        ],
        ["From: Ann Lee of the board <ann@example.com>", "To: Bob", "Subject: the budget"],
        [
            "Name of the project  | Budget in 2024 | Actual",
            "Alpha, the first of the projects | 5 million | 4 million",
        ],
        ['"name": "a value of forty characters or more is here",', '"version": "1.0",'],
        ["The tenant pays in each of the months of the year", "(a) the rent", "(iv) the costs"],
        ["The board meets in the town hall, says a caption", "(press) PUBLISHER: Lee"],
        ["The board meets in the town hall, says a caption", "“We met,” said Ann Lee."],
        [">>> total = compute_the_total(of_all, the_budgets)", ">>> print(total)"],
        ["> npm install", "> npm start"],
        ["> The board decided on Tuesday to cut the budget", "yes, that was a mistake"],
    ],
)
def test_turns_fields_rows_and_prompts_are_apart(lines: list[str]) -> None:
    assert sentences("\n".join(lines)) == lines


def test_a_huge_line_is_cut_at_spaces() -> None:
    text = "word " * 100_000
    spans = split_sentences(text)
    assert max(span.end - span.start for span in spans) <= MAX_SENTENCE_CHARS
    assert {word for span in spans for word in span.of(text).split()} == {"word"}


@pytest.mark.parametrize(
    "text",
    [
        "." * 1_000_000,
        "Aa" * 500_000,
        '."' * 500_000,
        "a.) " * 250_000,
        "a.b.c.d " * 125_000,
        "1. " * 100_000,
        "1." * 500_000,
        "ab The, a " * 100_000,
        "aaaaThe" * 150_000,
        "aaaa.Aa" * 100_000,
        "。" * 200_000,
        "।" * 1_000_000,
        "؟۔ $" * 250_000,
        "a.* B" * 100_000,
        "a. *_" * 100_000,
        ".[a]" * 250_000,
        "." + "[a]" * 300_000,
        ">" * 1_000_000 + "\n" + "> " * 500_000,
        "1" + " " * 400_000 + "\na" + " a" * 1_000_000,
        "1 " * 500_000 + "\n" + "a" * 500_000,
        "(a" * 500_000 + "\n" + "(a" * 500_000,
        "Ann " * 100_000 + "\n" + "1:1" * 300_000,
    ],
)
@pytest.mark.timeout(60)
def test_a_hostile_line_takes_time_in_proportion_to_its_length(text: str) -> None:
    assert sum(span.end - span.start for span in split_sentences(text)) >= len(text) // 2
