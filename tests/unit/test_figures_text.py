from datetime import UTC, datetime
from decimal import Decimal

import pytest

from shared.domain.figures_text import (
    counted,
    dollars,
    in_words,
    long_date,
    net_price,
    new_york_clock,
    new_york_stamp,
    plain_amount,
    ratio_percent,
    signed_dollars,
)


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("1234.5", "$1,234.50"),
        ("-1234.5", "\u2212$1,234.50"),
        ("0.005", "$0.01"),
        ("-0.004", "$0.00"),
        ("0", "$0.00"),
        ("1000000", "$1,000,000.00"),
    ],
)
def test_dollars_are_rounded_half_up_to_the_cent(amount: str, text: str) -> None:
    assert dollars(Decimal(amount)) == text


@pytest.mark.parametrize(
    ("amount", "text"),
    [("12", "+$12.00"), ("-12", "\u2212$12.00"), ("0", "$0.00"), ("0.001", "$0.00")],
)
def test_a_result_shows_its_sign_unless_it_is_nothing(amount: str, text: str) -> None:
    assert signed_dollars(Decimal(amount)) == text


def test_a_plain_amount_leaves_the_currency_to_the_heading() -> None:
    assert plain_amount(Decimal("-1234.5")) == "\u22121,234.50"


@pytest.mark.parametrize(
    ("price", "text"),
    [
        ("-0.75", "\u22120.75"),
        ("-0.73125", "\u22120.7313"),
        ("0.5", "0.50"),
        ("-0.723", "\u22120.723"),
        ("-0.00001", "0.00"),
        (None, "\u2013"),
    ],
)
def test_net_prices_keep_two_to_four_places(price: str | None, text: str) -> None:
    assert net_price(None if price is None else Decimal(price)) == text


@pytest.mark.parametrize(("ratio", "text"), [("0.2", "20%"), ("0.125", "12.5%"), ("0", "0%")])
def test_ratios_read_as_percentages(ratio: str, text: str) -> None:
    assert ratio_percent(Decimal(ratio)) == text


def test_dates_and_times_are_those_of_new_york() -> None:
    at = datetime(2026, 11, 27, 21, 30, 5, tzinfo=UTC)
    assert long_date("2026-11-05") == "Thursday, November 5, 2026"
    assert new_york_clock(at) == "16:30"
    assert new_york_clock(at, seconds=True) == "16:30:05"
    assert new_york_stamp(at) == "2026-11-27 16:30:05 New York"


def test_codes_and_counts_read_as_words() -> None:
    assert in_words("LIMIT_REACHED") == "Limit reached"
    assert counted(1, "follower") == "1 follower"
    assert counted(1200, "mark") == "1,200 marks"
