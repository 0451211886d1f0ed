"""The ladder: when it may start, how it walks, where it ends."""

from decimal import Decimal
from itertools import pairwise
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.ladder import (
    LadderRules,
    PriceVerdict,
    first_rung,
    judge_price,
    late_rules,
    next_rung,
    paced,
)
from tests.builders import a_market

RULES = LadderRules()
# Half cents, as the middle of two one-cent markets has them, from 5.00 credit to 0.70.
GOOD_MIDS = st.integers(-1000, -140).map(lambda half_cents: Decimal(half_cents) / 200)
ANY_MIDS = st.integers(-1000, 200).map(lambda half_cents: Decimal(half_cents) / 200)
TICKED_RULES = st.sampled_from(
    [RULES, LadderRules(tick=Decimal("0.05")), LadderRules(step=Decimal("0.015"))]
)


def walk(mids: list[Decimal], rules: LadderRules = RULES) -> list[Decimal]:
    """Every limit in turn: the first mid starts the ladder, each other one is a rung later."""
    limits = [first_rung(mids[0], rules)]
    for mid in mids[1 : rules.rungs]:
        limit = next_rung(limits[-1], mid, rules)
        if limit is None:
            break
        limits.append(limit)
    return limits


def prices(*texts: str) -> list[Decimal]:
    return [Decimal(text) for text in texts]


def test_ten_rungs_in_a_still_market_end_at_the_middle_and_never_above_it() -> None:
    # Mid -0.955 starts at -0.96; the second rung may not pass the middle.
    assert walk(prices(*["-0.955"] * 10)) == prices(*["-0.96"] * 10)


def test_a_market_that_runs_away_is_followed_a_cent_at_a_time_for_nine_cents() -> None:
    mids = prices("-0.90", *["-0.70"] * 11)
    expected = [Decimal("-0.90") + Decimal(k) / 100 for k in range(10)]
    assert walk(mids) == expected
    assert expected[-1] == Decimal("-0.81")


def test_a_market_that_turns_in_our_favor_is_followed_at_once() -> None:
    assert walk(prices("-0.90", "-0.85", "-1.00", "-1.00", "-0.95")) == prices(
        "-0.90", "-0.89", "-1.00", "-1.00", "-0.99"
    )


def test_the_ladder_ends_where_the_next_limit_would_be_above_the_ceiling() -> None:
    assert walk(prices("-0.72", *["-0.60"] * 9)) == prices("-0.72", "-0.71", "-0.70")
    assert next_rung(Decimal("-0.70"), Decimal("-0.69"), RULES) is None
    assert next_rung(Decimal("-0.70"), Decimal("-0.70"), RULES) == Decimal("-0.70")


def test_a_step_finer_than_the_tick_is_rounded_up_to_it() -> None:
    nickels = LadderRules(tick=Decimal("0.05"))
    assert walk(prices("-1.27", "-1.00", "-1.00"), nickels) == prices("-1.30", "-1.25", "-1.20")


@given(st.lists(ANY_MIDS, max_size=12), GOOD_MIDS, TICKED_RULES)
def test_no_rung_is_above_the_ceiling_or_the_middle_or_off_the_tick(
    later: list[Decimal], start: Decimal, rules: LadderRules
) -> None:
    limits = walk([start, *later], rules)
    assert len(limits) <= rules.rungs
    for limit, mid in zip(limits, [start, *later], strict=False):
        assert limit <= min(rules.ceiling, mid)
        assert limit % rules.tick == 0


@given(st.lists(ANY_MIDS, max_size=12), GOOD_MIDS)
def test_no_more_than_a_step_a_rung_is_given_away(later: list[Decimal], start: Decimal) -> None:
    limits = walk([start, *later])
    assert all(b - a <= RULES.step for a, b in pairwise(limits))
    assert limits[-1] - limits[0] <= Decimal("0.09")


@given(GOOD_MIDS, TICKED_RULES)
def test_the_first_rung_is_the_middle_rounded_in_our_favor(
    mid: Decimal, rules: LadderRules
) -> None:
    limit = first_rung(mid, rules)
    assert limit <= mid
    assert mid - limit < rules.tick


@pytest.mark.parametrize(
    ("bid", "ask", "width", "verdict"),
    [
        ("-0.94", "-0.88", "5", PriceVerdict.GOOD),
        ("-0.70", "-0.70", "5", PriceVerdict.GOOD),
        ("-0.71", "-0.68", "5", PriceVerdict.MID_TOO_LOW),  # -0.695, which -0.70 would hide
        ("-0.10", "0.10", "5", PriceVerdict.MID_TOO_LOW),
        ("0.90", "0.94", "5", PriceVerdict.MID_TOO_LOW),  # a debit is no credit of 0.92
        ("-3.75", "-3.75", "5", PriceVerdict.GOOD),
        ("-3.77", "-3.74", "5", PriceVerdict.MID_TOO_HIGH),
        ("-0.76", "-0.75", "1", PriceVerdict.MID_TOO_HIGH),
        ("-3.00", "-0.50", "5", PriceVerdict.GOOD),
        ("-3.00", "-0.49", "5", PriceVerdict.UNUSABLE),
        ("-9.00", "9.00", "5", PriceVerdict.UNUSABLE),
    ],
)
def test_a_market_is_judged_before_the_first_rung(
    bid: str, ask: str, width: str, verdict: PriceVerdict
) -> None:
    assert judge_price(a_market(bid, ask), width=Decimal(width), rules=RULES) is verdict


def test_no_market_is_an_unusable_one() -> None:
    assert judge_price(None, width=Decimal(5), rules=RULES) is PriceVerdict.UNUSABLE


@given(ANY_MIDS, st.integers(0, 100), st.integers(1, 50))
def test_a_good_market_never_starts_above_the_ceiling_nor_beyond_the_width(
    mid: Decimal, half_width_cents: int, width: int
) -> None:
    half = Decimal(half_width_cents) / 100
    market = a_market(str(mid - half), str(mid + half))
    if judge_price(market, width=Decimal(width), rules=RULES) is PriceVerdict.GOOD:
        limit = first_rung(market.mid, RULES)
        assert limit <= RULES.ceiling
        assert -limit < width


@pytest.mark.parametrize(
    ("live", "seconds"), [(0, 5), (1, 5), (200, 5), (201, 6), (300, 8), (1000, 25)]
)
def test_many_ladders_on_one_connection_stretch_the_time_between_rungs(
    live: int, seconds: int
) -> None:
    assert paced(RULES, live).interval_seconds == seconds


@given(st.integers(0, 5_000))
def test_no_connection_carries_more_than_forty_rungs_a_second(live: int) -> None:
    interval = paced(RULES, live).interval_seconds
    assert interval >= RULES.interval_seconds
    assert live <= 40 * interval


def test_who_comes_late_asks_for_nine_tenths_of_what_the_others_were_given() -> None:
    fills = prices("-1.00", "-0.96", "-0.80")
    assert late_rules(RULES, fills, credit_ratio=Decimal("0.90")).ceiling == Decimal("-0.87")
    assert late_rules(RULES, [], credit_ratio=Decimal("0.90")) == RULES
    low = late_rules(RULES, prices("-0.72"), credit_ratio=Decimal("0.90"))
    assert low.ceiling == RULES.ceiling


@given(st.lists(GOOD_MIDS, min_size=1, max_size=9))
def test_a_late_ceiling_is_never_below_the_share_nor_above_the_ordinary_one(
    fills: list[Decimal],
) -> None:
    ceiling = late_rules(RULES, fills, credit_ratio=Decimal("0.90")).ceiling
    assert ceiling <= RULES.ceiling
    assert -ceiling >= Decimal("0.90") * -median(fills)
