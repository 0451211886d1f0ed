"""How a follower's month came from his fills, line by line, for whoever asks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from shared.domain.daily_pnl import DailyPnl
from shared.domain.figures_text import ratio_percent
from shared.domain.fills import Fill
from shared.domain.followers import FollowerId
from shared.domain.money import ZERO, round_to_micros, usd_text
from shared.domain.monthly_pnl import MonthlyPnl
from shared.domain.months import Month, month_name
from shared.domain.options import ContractKey, contract_words
from shared.domain.positions import LegPosition, book_leg
from shared.domain.spreads import Side
from shared.domain.statements import Adjustment, Statement


@dataclass(frozen=True, kw_only=True, slots=True)
class MonthEvidence:
    """Everything that one follower's month is made of.

    Attributes:
        month: Which.
        follower_id: Whose.
        carried: Fills of the sessions before that what he carried into it comes from.
        fills: Fills of the month.
        days: Its roll-ups as stored.
        pnl: Its sum as stored; None where it was not rolled up.
        statement: Its statement as stored; None where there is none.
        adjustments: Adjustments about this month.
    """

    month: Month
    follower_id: FollowerId
    carried: tuple[Fill, ...]
    fills: tuple[Fill, ...]
    days: tuple[DailyPnl, ...]
    pnl: MonthlyPnl | None
    statement: Statement | None
    adjustments: tuple[Adjustment, ...] = ()


def explain_month(evidence: MonthEvidence) -> list[str]:
    """Write how each figure of a month came about, in plain text lines."""
    ledger = _Ledger(evidence.carried)
    lines = [f"{evidence.follower_id}, {month_name(evidence.month)}", ""]
    days = {day.session_date: day for day in evidence.days}
    dates = sorted({fill.session_date for fill in evidence.fills} | set(days))
    for date in dates:
        fills = [fill for fill in evidence.fills if fill.session_date == date]
        lines += [date, *ledger.book(fills), *_day_lines(ledger, days.get(date)), ""]
    lines += [*_month_lines(evidence), "", *_statement_lines(evidence)]
    return lines


class _Ledger:
    """Books fills at average cost and remembers what the day has made."""

    def __init__(self, carried: Iterable[Fill]) -> None:
        self.realized = self.fees = ZERO
        self._legs: dict[ContractKey, LegPosition] = {}
        for fill in _in_order(carried):
            self._book(fill)

    def book(self, fills: Iterable[Fill]) -> Iterator[str]:
        """Book a day's fills; a line for each, with what it closed."""
        self.realized = self.fees = ZERO
        for fill in _in_order(fills):
            yield self._line(fill, self._book(fill))

    def _book(self, fill: Fill) -> Decimal:
        key = fill.contract_key
        held = self._legs.get(key) or LegPosition(contract_key=key, multiplier=fill.multiplier)
        booked = book_leg(held, fill.signed_quantity, fill.price)
        self._legs[key] = booked
        made = booked.realized - held.realized
        self.realized += made
        self.fees += fill.fee or ZERO
        return made

    def _line(self, fill: Fill, made: Decimal) -> str:
        leg = self._legs[fill.contract_key]
        what = "bought" if fill.side is Side.BUY else "sold"
        fee = "fee not told yet" if fill.fee is None else f"fee {usd_text(fill.fee)}"
        closed = f", closes for {_signed(made)}" if made else ""
        held = (
            f"then {leg.quantity:+d} at {usd_text(leg.average_price)}" if leg.quantity else "flat"
        )
        return (
            f"  {fill.at:%H:%M:%S}Z {what} {fill.quantity} {contract_words(fill.contract_key)}"
            f" at {usd_text(fill.price)}, {fee}{closed}; {held}  [{fill.exec_id}]"
        )


def _in_order(fills: Iterable[Fill]) -> list[Fill]:
    legs = [fill for fill in fills if not fill.is_combo and fill.quantity]
    return sorted(legs, key=lambda one: (one.at, one.exec_id))


def _day_lines(ledger: _Ledger, day: DailyPnl | None) -> list[str]:
    booked = (
        f"  fills: realized {_signed(ledger.realized)} - fees {usd_text(ledger.fees)}"
        f" = {_signed(ledger.realized - ledger.fees)}"
    )
    if day is None:
        return [booked, "  stored: nothing; the day was not rolled up"]
    agrees = (day.realized, day.fees) == (ledger.realized, ledger.fees)
    return [
        booked,
        f"  stored: realized {_signed(day.realized)} + unrealized {_signed(day.unrealized)}"
        f" - fees {usd_text(day.fees)} = {_signed(day.total)} ({day.finality});"
        f" {'agrees with the fills' if agrees else 'DIFFERS FROM THE FILLS'}",
    ]


def _month_lines(evidence: MonthEvidence) -> list[str]:
    pnl = evidence.pnl
    if pnl is None:
        return ["The month was not rolled up."]
    added = " ".join(_signed(day.total) for day in _ordered(evidence.days)) or "nothing"
    return [
        f"Month ({pnl.finality}): {added}",
        f"  total {_signed(pnl.total)} = realized {_signed(pnl.realized)}"
        f" + unrealized {_signed(pnl.unrealized)} - fees {usd_text(pnl.fees)}",
    ]


def _ordered(days: Sequence[DailyPnl]) -> list[DailyPnl]:
    return sorted(days, key=lambda day: day.session_date)


def _statement_lines(evidence: MonthEvidence) -> list[str]:
    statement = evidence.statement
    if statement is None:
        return ["No commission was computed."]
    head = f"Commission ({statement.state}{f', {statement.number}' if statement.number else ''})"
    if statement.held_reason is not None:
        head += f", held: {statement.held_reason}"
    lines = [head]
    if statement.waterfall is not None:
        lines += _waterfall_lines(statement)
    lines += [
        f"  + {one.noted_on} {one.reason}: {_signed(one.amount)} {one.currency}"
        for one in statement.adjustments
    ]
    if statement.due is not None:
        lines.append(f"  due {usd_text(statement.due)} {statement.currency}")
    if statement.credit:
        lines.append(f"  credit for the next one {usd_text(statement.credit)} {statement.currency}")
    lines += [
        f"  since changed by {_signed(one.amount)} {one.currency} on {one.noted_on}: {one.reason}"
        for one in evidence.adjustments
    ]
    return lines


def _waterfall_lines(statement: Statement) -> list[str]:
    steps = statement.waterfall
    if steps is None:
        return []
    lines = [
        f"  gross {_signed(steps.gross)} - fees {usd_text(steps.fees)} = net {_signed(steps.net)}",
    ]
    if statement.terms is not None and statement.terms.has_high_water_mark:
        lines.append(
            f"  carried forward {_signed(steps.carried_forward)}: cumulative before"
            f" {_signed(steps.cumulative_net - steps.net)}, high-water mark"
            f" {usd_text(steps.mark_before)}"
        )
    lines.append(
        f"  base {usd_text(steps.base)} x {ratio_percent(steps.rate_ratio)} ="
        f" {usd_text(steps.commission)} USD"
    )
    if statement.fx is not None and statement.commission_billed is not None:
        lines.append(
            f"  / {statement.fx.usd_per_eur_ratio} USD for 1 EUR on {statement.fx.rate_date} ="
            f" {usd_text(statement.commission_billed)} EUR"
        )
    return lines


def _signed(amount: Decimal) -> str:
    text = usd_text(round_to_micros(amount))
    return text if text.startswith("-") or not amount else f"+{text}"
