"""What can be plainly wrong in a sentence: numbers, money, names, and whether it says "not"."""

from decimal import Decimal

import pytest

from rag.claims import currencies, names, negates, numbers, percents, share_of_names


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("It cost $3.5m, or €2bn.", ["3500000", "2000000000"]),
        ("US$18.2B and £ 7m", ["18200000000", "7000000"]),
        ("USD2.5M, EUR5, rmb 40 million", ["2500000", "5", "40000000"]),
        ("5m tall, and 3 b of them", ["5", "3"]),  # metres, not millions
        ("10\u00a0000 and 10’000 men", ["10000"]),
        ("patent AR 418 772", ["418", "772"]),
        (".5% more", ["0.5"]),
        ("v1.2.3 of Q3", []),
        ("Rs 5,00,000, 1,23,45,678.5 or 5,00,0000", ["500000", "12345678.5", "5", "0"]),
        ("4,50 €, EUR 5,75 or 1.234,50 euros", ["4.5", "5.75", "1234.5"]),
        ("1.234.567 people at 10.150.200.1 in 2.34", ["1234567", "10.15", "2.34"]),
        ("pages 3,50 of 1,23,456 euros", ["3", "50", "123456"]),
        ("two hundred and fifty", ["250"]),
        ("one hundred and thirty-two of them, a hundred years", ["132", "100"]),
        ("five hundred thousand, half a million", ["500000"]),
        ("a hundredweight for a man, one of them", []),
        ("one million", ["1000000"]),
        ("٣٤", ["34"]),
    ],
)
def test_numbers_in_all_their_forms(text, values) -> None:
    assert numbers(text) == {Decimal(value) for value in values}


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("-20 °C", ["-20"]),
        ("−5 million, (-$3m), €-2bn", ["-5000000", "-3000000", "-2000000000"]),
        ("minus 20 °C, minus thirty", ["-20", "-30"]),
        ("3-5 rooms in 2019-2020, GPT-4, COVID-19", ["3", "5", "2019", "2020", "4", "19"]),
        ("3%-5%, 20 -30, +/-6, £7m-£8m", ["3", "5", "20", "30", "6", "7000000", "8000000"]),
    ],
)
def test_a_minus_is_part_of_a_number_and_a_hyphen_is_not(text, values) -> None:
    assert numbers(text) == {Decimal(value) for value in values}


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("3.5M users", ["3500000"]),
        ("1.2B or $3.5 M", ["1200000000", "3500000"]),
        ("$5M-10M, a 7B-parameter model", ["5000000", "10000000", "7000000000"]),
        ("1.5m euros and 2 m US dollars", ["1500000", "2"]),
        ("A$5m, Rs 6m, CHF 7m", ["5000000", "6000000", "7000000"]),
        ("5 MB, 6 Mbit, 7 M's, 8 M&Ms, 9 M-class ships", ["5", "6", "7", "8", "9"]),
        ("500 B.C., in 2021 M. Night Shyamalan", ["500", "2021"]),
    ],
)
def test_a_letter_for_millions_is_told_from_other_letters(text, values) -> None:
    assert numbers(text) == {Decimal(value) for value in values}


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("half a million, half-a-billion", ["500000", "500000000"]),
        ("two and a half million", ["2500000"]),
        ("2 and a half million", ["2500000"]),
        ("one and a half years, half an hour", ["1.5"]),
        ("a quarter of a million, three-quarters of a billion", ["250000", "750000000"]),
        ("a dozen, two dozen, half a dozen, dozens", ["12", "24", "6"]),
    ],
)
def test_halves_and_dozens(text, values) -> None:
    assert numbers(text) == {Decimal(value) for value in values}


def test_names_of_other_alphabets_are_names() -> None:
    assert names("She met Åse Öztürk and Émile in Škoda's hall.") == {
        "ase",
        "ozturk",
        "emile",
        "skoda",
    }


def test_money_is_told_by_sign_and_by_word() -> None:
    assert currencies("$4 and 5 Euros, RMB 6") == {"dollar", "euro", "yuan"}
    assert currencies("40 pounds of tar") == set()


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("$5, US$6, USD7, 8 dollars", "dollar"),
        ("HK$5, 6 Hong Kong dollars", "Hong Kong dollar"),
        ("A$5, AU$6, AUD 7", "Australian dollar"),
        ("C$5", "Canadian dollar"),
        ("S$5", "Singapore dollar"),
        ("NT$5", "Taiwan dollar"),
        ("R$5", "real"),
        ("¥5, 5 yen", "yen"),
        ("¥5, 5 yuan", "yuan"),
        ("₹5, Rs. 6, INR7, 8 rupees", "rupee"),
        ("CHF5, six francs", "franc"),
        ("₩5, 6 million won", "won"),
    ],
)
def test_currencies_that_share_a_sign_or_a_word_are_told_apart(text, currency) -> None:
    assert currencies(text) == {currency}


def test_a_verb_and_a_sign_of_several_are_no_currency() -> None:
    assert currencies("It won 5 million, or ¥6.") == set()
    assert currencies("The three Rs in a CAD drawing") == set()
    assert currencies("It was 5 Rs, Rs. 5 or five lakh rs.") == {"rupee"}
    assert currencies("It was CAD 5.") == {"Canadian dollar"}


def test_percentage_points_are_not_percent() -> None:
    assert percents("2%, 3 per cent or 4 percent") == {"percent"}
    assert percents("2 percentage points, 3 %-points, 4 pp") == {"percentage point"}
    assert percents("the percentage at the 90th percentile") == set()


@pytest.mark.parametrize(
    "text",
    [
        "It did not.",
        "They can’t go.",
        "without a word",
        "Never!",
        "None of the directors resigned.",
        "Nobody came.",
        "It hardly moved, scarcely at all.",
        "They barely won.",
    ],
)
def test_negation_is_seen(text) -> None:
    assert negates(text)
    assert not negates("Notes on knots, nothing else.")


def test_a_share_of_the_names_is_there() -> None:
    assert share_of_names(set(), {"a"}) == 1.0
    assert share_of_names({"ali", "tencent"}, {"alibaba", "a", "t"}) == 0.5
    assert share_of_names({"alibaba"}, {"a", "al"}) == 0.0
