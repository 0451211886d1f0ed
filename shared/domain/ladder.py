"""The limit ladder of an opening: start at the middle, give way a cent at a time, stop in time.

Prices are those of a BOUGHT combo: credit negative, so giving way means rising towards zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from statistics import median

from shared.domain.money import ceil_to_tick, floor_to_tick
from shared.domain.quotes import NetQuote


@dataclass(frozen=True, kw_only=True, slots=True)
class LadderRules:
    """How an opening order walks.

    Attributes:
        tick: Smallest price step of the combo, USD per share.
        step: What a rung gives way, USD per share; rounded up to the tick.
        ceiling: Never bid above this (the minimum credit, negative), USD per share.
        max_credit_ratio: A credit above this share of the width is a bad quote.
        max_spread_ratio: A combo market wider than this share of the width is unusable.
        rungs: How many rungs, counting the first.
        interval_seconds: Market seconds between rungs.
    """

    tick: Decimal = Decimal("0.01")
    step: Decimal = Decimal("0.01")
    ceiling: Decimal = Decimal("-0.70")
    max_credit_ratio: Decimal = Decimal("0.75")
    max_spread_ratio: Decimal = Decimal("0.5")
    rungs: int = 10
    interval_seconds: int = 5


PACE_PER_SECOND = 40
"""Rungs a second that one connection carries: below the 45 messages a second it may send."""


def paced(rules: LadderRules, live_orders: int) -> LadderRules:
    """Stretch the time between rungs where one connection carries many ladders.

    Args:
        rules: The ladder.
        live_orders: Orders of ours that are live on the connection.

    Returns:
        The rules with an interval of at least live orders ÷ 40, in whole seconds.
    """
    needed_seconds = -(-live_orders // PACE_PER_SECOND)
    return replace(rules, interval_seconds=max(rules.interval_seconds, needed_seconds))


class PriceVerdict(StrEnum):
    """What the market allows before the first rung."""

    GOOD = "good"
    MID_TOO_LOW = "MID_TOO_LOW"
    MID_TOO_HIGH = "MID_TOO_HIGH"
    UNUSABLE = "QUOTE_UNUSABLE"


def judge_price(market: NetQuote | None, *, width: Decimal, rules: LadderRules) -> PriceVerdict:
    """Decide whether a spread may be opened at this market.

    Args:
        market: Net quote of the opening combo; None where the legs gave none.
        width: Distance of the strikes, USD per share.
        rules: The ladder's limits.
    """
    if market is None or market.width > rules.max_spread_ratio * width:
        return PriceVerdict.UNUSABLE
    if market.mid > rules.ceiling:
        return PriceVerdict.MID_TOO_LOW
    if -market.mid > rules.max_credit_ratio * width:
        return PriceVerdict.MID_TOO_HIGH
    return PriceVerdict.GOOD


def first_rung(mid: Decimal, rules: LadderRules) -> Decimal:
    """The first limit: the middle rounded towards minus infinity, in our favor."""
    return min(floor_to_tick(mid, rules.tick), rules.ceiling)


def next_rung(previous: Decimal, mid: Decimal, rules: LadderRules) -> Decimal | None:
    """The limit after `previous`: a step up, but never above the market's middle.

    Returns:
        None where the next limit would be above the ceiling: the ladder is at its end.
    """
    stepped = previous + ceil_to_tick(rules.step, rules.tick)
    limit = min(stepped, floor_to_tick(mid, rules.tick))
    return limit if limit <= rules.ceiling else None


def late_rules(
    rules: LadderRules, fills: Sequence[Decimal], *, credit_ratio: Decimal
) -> LadderRules:
    """Ask more of an order that comes late: a share of the credit that the others were given.

    Args:
        rules: The ladder.
        fills: Signed average net prices of the others' fills of the same signal, USD per share.
        credit_ratio: Least share of their median credit.

    Returns:
        The rules with a ceiling that is no less strict; unchanged where nobody was filled.
    """
    if not fills:
        return rules
    ceiling = floor_to_tick(median(fills) * credit_ratio, rules.tick)
    return replace(rules, ceiling=min(rules.ceiling, ceiling))
