"""What can be plainly wrong in a sentence: numbers, money, names, and whether it says "not"."""

from decimal import Decimal

import pytest

from rag.claims import currencies, names, negates, numbers, share_of_names


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
        ("two hundred and fifty", ["250"]),
        ("one hundred and thirty-two of them, a hundred years", ["132", "100"]),
        ("five hundred thousand, half a million", ["500000", "1000000"]),
        ("a hundredweight for a man, one of them", []),
        ("one million", ["1000000"]),
        ("٣٤", ["34"]),
    ],
)
def test_numbers_in_all_their_forms(text, values) -> None:
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


@pytest.mark.parametrize("text", ["It did not.", "They can’t go.", "without a word", "Never!"])
def test_negation_is_seen(text) -> None:
    assert negates(text)
    assert not negates("Notes on knots, nothing else.")


def test_a_share_of_the_names_is_there() -> None:
    assert share_of_names(set(), {"a"}) == 1.0
    assert share_of_names({"ali", "tencent"}, {"alibaba", "a", "t"}) == 0.5
    assert share_of_names({"alibaba"}, {"a", "al"}) == 0.0
