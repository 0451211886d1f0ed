"""From a month's profit to the commission on it, step by step; all months of a follower at once.

The high-water mark runs through all his months, whether or not the terms of a month use it: who
changes over to it is not billed again for what he was billed before.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from shared.domain.money import ZERO, round_to_cents
from shared.domain.months import Month
from shared.domain.terms import Terms


@dataclass(frozen=True, kw_only=True, slots=True)
class Waterfall:
    """How a month's commission came about, USD.

    Attributes:
        gross: Realized profit of the month before broker fees.
        fees: Broker fees of the month, positive.
        net: Gross less fees.
        carried_forward: What earlier losses leave to be made up first, never positive; 0 where
            the terms have no high-water mark.
        base: What commission is taken of: net plus what is carried forward, never negative.
        rate_ratio: Our share, 0 to 1.
        commission: Rate times base, rounded half up to the cent, once.
        cumulative_net: Sum of the nets of all months so far, this one included (C).
        mark_before: High-water mark before the month (H of the month before), at least 0.
        mark_after: High-water mark after it.
    """

    gross: Decimal
    fees: Decimal
    net: Decimal
    carried_forward: Decimal
    base: Decimal
    rate_ratio: Decimal
    commission: Decimal
    cumulative_net: Decimal
    mark_before: Decimal
    mark_after: Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class MonthResult:
    """What a month brought, USD: realized before fees, and broker fees (positive)."""

    month: Month
    gross: Decimal
    fees: Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """Where a follower stands before a month, USD.

    Attributes:
        cumulative_net: Sum of the nets of all months before.
        mark: His high-water mark.
    """

    cumulative_net: Decimal = ZERO
    mark: Decimal = ZERO


def standing_after(results: Iterable[MonthResult]) -> Standing:
    """Walk through a follower's months before the one that is billed, in any order given."""
    standing = Standing()
    for result in sorted(results, key=lambda one: one.month):
        cumulative = standing.cumulative_net + result.gross - result.fees
        standing = Standing(cumulative_net=cumulative, mark=max(standing.mark, cumulative))
    return standing


def commission_of(result: MonthResult, terms: Terms, before: Standing) -> Waterfall:
    """Take our share of a month's profit; a loss owes nothing, and nothing is paid back.

    With a high-water mark H and the cumulative net C: base = max(0, C - H of the month before).
    Without: base = max(0, net of the month).
    """
    net = result.gross - result.fees
    cumulative = before.cumulative_net + net
    carried = before.cumulative_net - before.mark if terms.has_high_water_mark else ZERO
    base = max(ZERO, net + carried)
    return Waterfall(
        gross=result.gross,
        fees=result.fees,
        net=net,
        carried_forward=carried,
        base=base,
        rate_ratio=terms.commission_ratio,
        commission=round_to_cents(base * terms.commission_ratio),
        cumulative_net=cumulative,
        mark_before=before.mark,
        mark_after=max(before.mark, cumulative),
    )
