"""The figures of one follower's month, as his report shows them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from shared.domain.canonical import canonical_json
from shared.domain.daily_pnl import DailyPnl
from shared.domain.fills import Fill
from shared.domain.followers import FollowerId
from shared.domain.money import ZERO
from shared.domain.monthly_pnl import MonthlyPnl
from shared.domain.months import Month
from shared.domain.statements import Statement


@dataclass(frozen=True, kw_only=True, slots=True)
class ReportDay:
    """One active day, USD.

    Attributes:
        session_date: ISO text.
        realized: Closed profit before fees.
        unrealized: Change of the open profit.
        fees: Broker fees, positive.
        total: Realized plus unrealized less fees.
        high: Highest total of the day, at least 0.
        low: Lowest total of the day, at most 0.
        drawdown: Largest fall from the day's running peak, positive.
        trades: Leg executions.
        equity: The month's total so far, this day included: a point of the curve.
    """

    session_date: str
    realized: Decimal
    unrealized: Decimal
    fees: Decimal
    total: Decimal
    high: Decimal
    low: Decimal
    drawdown: Decimal
    trades: int
    equity: Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class ReportTrade:
    """One leg execution.

    Attributes:
        at: When (UTC).
        session_date: ISO text.
        contract: In words: QQQ 2026-11-23 590 put; or the stock's symbol.
        side: BUY or SELL.
        quantity: Contracts or shares.
        price: USD per share; 0 for an expiry.
        fee: Broker fee, USD, positive; None until the broker told it.
        cash: What it brought (positive) or cost before the fee, USD.
        exec_id: The broker's id of the execution.
    """

    at: datetime
    session_date: str
    contract: str
    side: str
    quantity: int
    price: Decimal
    fee: Decimal | None
    cash: Decimal
    exec_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class MonthlyReport:
    """One follower's month.

    Attributes:
        month: `2026-11`.
        follower_id: Whose.
        name: As the person writes it.
        account_id: His broker account.
        iban_shown: His IBAN, masked; empty where unknown.
        pnl: The month's sums and measures.
        days: Active days, oldest first.
        trades: Leg executions, oldest first.
        statement: The commission statement, with its waterfall and adjustments.
        as_of: When the figures became final, or were last rolled up (market time, UTC).
    """

    month: Month
    follower_id: FollowerId
    name: str
    account_id: str
    iban_shown: str
    pnl: MonthlyPnl
    days: tuple[ReportDay, ...]
    trades: tuple[ReportTrade, ...]
    statement: Statement
    as_of: datetime


def report_days(days: Iterable[DailyPnl]) -> tuple[ReportDay, ...]:
    """Lay a month's active days out, with the curve they add up to."""
    equity = ZERO
    laid_out = []
    for day in sorted(days, key=lambda one: one.session_date):
        if not day.trades and not day.total:
            continue
        equity += day.total
        laid_out.append(
            ReportDay(
                session_date=day.session_date,
                realized=day.realized,
                unrealized=day.unrealized,
                fees=day.fees,
                total=day.total,
                high=day.high,
                low=day.low,
                drawdown=day.drawdown,
                trades=day.trades,
                equity=equity,
            )
        )
    return tuple(laid_out)


def report_trades(fills: Iterable[Fill], words: Mapping[str, str]) -> tuple[ReportTrade, ...]:
    """Lay the leg executions out; combo executions serve matching only.

    Args:
        fills: The month's.
        words: A contract in words, by its key; the key itself stands for one that has none.
    """
    legs = [fill for fill in fills if not fill.is_combo and fill.quantity]
    return tuple(
        ReportTrade(
            at=fill.at,
            session_date=fill.session_date,
            contract=words.get(fill.contract_key, fill.contract_key),
            side=str(fill.side),
            quantity=fill.quantity,
            price=fill.price,
            fee=fill.fee,
            cash=-fill.signed_quantity * fill.price * fill.multiplier,
            exec_id=fill.exec_id,
        )
        for fill in sorted(legs, key=lambda one: (one.at, one.exec_id))
    )


def report_sha256(report: MonthlyReport) -> str:
    """Hash the canonical figures, hex; it names the files that show them.

    How far the statement has come after its issue (sent, paid) is no figure: a payment makes no
    new version.
    """
    return hashlib.sha256(canonical_json(report, leave_out=_COURSE).encode()).hexdigest()


_COURSE: frozenset[str] = frozenset(
    {
        "statement.state",
        "statement.sent_on",
        "statement.paid_on",
        "statement.paid_by",
        "statement.payment_reference",
    }
)


def equity_curve(days: Sequence[ReportDay]) -> tuple[Decimal, ...]:
    """The month's curve: it starts at 0, then a point per active day."""
    return (ZERO, *(day.equity for day in days))
