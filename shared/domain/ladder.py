"""The limit ladder of an opening: start at the middle, give way a cent at a time, stop in time.

Prices are those of a BOUGHT combo: credit negative, so giving way means rising towards zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

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
