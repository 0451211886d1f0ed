"""The figures of one session, as the daily summary shows them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from shared.domain.alerts import Alert, Severity
from shared.domain.canonical import canonical_json
from shared.domain.daily_pnl import DailyPnl
from shared.domain.marks import SLOT_SECONDS
from shared.domain.money import ZERO, round_to_micros
from shared.domain.options import Right, strike_text
from shared.domain.orders import Order, Purpose
from shared.domain.pnl import DayCurve, day_curve
from shared.domain.session_record import Finality, SessionRecord
from shared.domain.sessions import Session
from shared.domain.spreads import Spread


@dataclass(frozen=True, kw_only=True, slots=True)
class SummaryRow:
    """One follower's day; amounts in USD, net price in USD per share (credit negative).

    Attributes:
        follower_id: Whose.
        name: As the person writes it.
        state: End of his opening order; empty where there was none.
        reason: Why it did not trade as planned; empty where it did.
        quantity: Spreads ordered.
        filled_quantity: Spreads filled.
        average_net_price: Signed average of the fills, rounded to the micro; None without one.
        realized: Closed profit before fees.
        unrealized: Open profit at the end.
        fees: Broker fees, positive.
        total: Realized plus unrealized less fees.
        commission: Commission accrued.
    """

    follower_id: str
    name: str
    state: str
    reason: str
    quantity: int
    filled_quantity: int
    average_net_price: Decimal | None
    realized: Decimal
    unrealized: Decimal
    fees: Decimal
    total: Decimal
    commission: Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class SummaryTotals:
    """The sums of all rows, USD.

    Attributes:
        followers: Rows.
        traded: Rows with a fill.
        quantity: Spreads ordered.
        filled_quantity: Spreads filled.
        trades: Leg executions.
        realized: Closed profit before fees.
        unrealized: Open profit at the end.
        fees: Broker fees, positive.
        total: Realized plus unrealized less fees.
        commission: Commission accrued.
    """

    followers: int
    traded: int
    quantity: int
    filled_quantity: int
    trades: int
    realized: Decimal
    unrealized: Decimal
    fees: Decimal
    total: Decimal
    commission: Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class CurvePoint:
    """The book's total at one instant (UTC), USD."""

    at: datetime
    total: Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class SummaryAlert:
    """One alert of the session."""

    raised_at: datetime
    severity: Severity
    alert_type: str
    subject: str
    message: str


@dataclass(frozen=True, kw_only=True, slots=True)
class DaySummary:
    """The figures of one session.

    Attributes:
        session_date: ISO text.
        open_at: The underlying's open (UTC).
        close_at: Its close (UTC).
        spreads: What was traded, in words.
        finality: Whether the figures may still change.
        as_of: When they were last rolled up (market time, UTC).
        totals: Sums over all followers.
        rows: One per follower, by name.
        curve: The book's total through the day, its result at the end last.
        extremes: Open, close, high, low and drawdown of that curve.
        due_marks: Marks the session was due.
        missing_marks: Marks that are missing of those.
        alerts: What was alerted before `as_of`, oldest first.
    """

    session_date: str
    open_at: datetime
    close_at: datetime
    spreads: tuple[str, ...]
    finality: Finality
    as_of: datetime
    totals: SummaryTotals
    rows: tuple[SummaryRow, ...]
    curve: tuple[CurvePoint, ...]
    extremes: DayCurve
    due_marks: int
    missing_marks: int
    alerts: tuple[SummaryAlert, ...]


def summarize_day(
    *,
    session: Session,
    record: SessionRecord | None,
    days: Sequence[DailyPnl],
    orders: Iterable[Order],
    names: Mapping[str, str],
    alerts: Iterable[Alert],
) -> DaySummary:
    """Put the figures of a session together; pure, and the same for the same records.

    Args:
        session: Its hours.
        record: What was recorded of it; None where it was never opened.
        days: Its daily roll-ups.
        orders: Its orders.
        names: Names by follower id; a follower without one is shown by his id.
        alerts: Its alerts; those raised later than the roll-up belong to no version of it.
    """
    openings = [order for order in orders if order.purpose is Purpose.OPEN]
    rows = sorted(
        (_row(day, openings, names) for day in days),
        key=lambda row: (row.name.casefold(), row.follower_id),
    )
    totals = _totals(rows, trades=sum(day.trades for day in days))
    as_of = max((day.rolled_up_at for day in days), default=session.close_at)
    curve = _curve(session, record, totals.total)
    return DaySummary(
        session_date=session.session_date,
        open_at=session.open_at,
        close_at=session.close_at,
        spreads=tuple(sorted({spread_words(order.spread) for order in openings})),
        finality=record.finality if record else Finality.PROVISIONAL,
        as_of=as_of,
        totals=totals,
        rows=tuple(rows),
        curve=curve,
        extremes=day_curve([point.total for point in curve]),
        due_marks=len(session.mark_slots()),
        missing_marks=len(record.gaps) if record else 0,
        alerts=_alerts_before(as_of, alerts),
    )


def figures_sha256(summary: DaySummary) -> str:
    """Hash the canonical figures, hex; it names the files that show them."""
    return hashlib.sha256(canonical_json(summary).encode()).hexdigest()


def spread_words(spread: Spread) -> str:
    """Name a spread as traders do, lower strike first: QQQ bull put 585/590."""
    kind = "bull put" if spread.right is Right.PUT else "bear call"
    low, high = sorted((spread.long_strike, spread.short_strike))
    return f"{spread.symbol} {kind} {strike_text(low)}/{strike_text(high)}"


def _row(day: DailyPnl, openings: Sequence[Order], names: Mapping[str, str]) -> SummaryRow:
    mine = [order for order in openings if order.follower_id == day.follower_id]
    last = mine[-1] if mine else None
    return SummaryRow(
        follower_id=day.follower_id,
        name=names.get(day.follower_id, day.follower_id),
        state=str(last.state) if last else "",
        reason=str(last.reason) if last and last.reason else "",
        quantity=sum(order.quantity for order in mine),
        filled_quantity=sum(order.filled_quantity for order in mine),
        average_net_price=_average_net_price(mine),
        realized=day.realized,
        unrealized=day.unrealized,
        fees=day.fees,
        total=day.total,
        commission=day.commission,
    )


def _average_net_price(orders: Sequence[Order]) -> Decimal | None:
    filled = [
        (order.average_net_price, order.filled_quantity)
        for order in orders
        if order.average_net_price is not None and order.filled_quantity
    ]
    quantity = sum(count for _, count in filled)
    if not quantity:
        return None
    return round_to_micros(sum((price * count for price, count in filled), ZERO) / quantity)


def _totals(rows: Sequence[SummaryRow], *, trades: int) -> SummaryTotals:
    return SummaryTotals(
        followers=len(rows),
        traded=sum(1 for row in rows if row.filled_quantity),
        quantity=sum(row.quantity for row in rows),
        filled_quantity=sum(row.filled_quantity for row in rows),
        trades=trades,
        realized=sum((row.realized for row in rows), ZERO),
        unrealized=sum((row.unrealized for row in rows), ZERO),
        fees=sum((row.fees for row in rows), ZERO),
        total=sum((row.total for row in rows), ZERO),
        commission=sum((row.commission for row in rows), ZERO),
    )


def _curve(
    session: Session, record: SessionRecord | None, total: Decimal
) -> tuple[CurvePoint, ...]:
    series = {int(slot): amount for slot, amount in record.series.items()} if record else {}
    points = [
        CurvePoint(at=datetime.fromtimestamp(slot * SLOT_SECONDS, tz=UTC), total=series[slot])
        for slot in sorted(series)
    ]
    return (*points, CurvePoint(at=session.close_at, total=total))


def _alerts_before(as_of: datetime, alerts: Iterable[Alert]) -> tuple[SummaryAlert, ...]:
    # Those of the roll-up's own instant are still on their way while the summary is written.
    told = sorted(
        (alert for alert in alerts if alert.raised_at < as_of),
        key=lambda alert: (alert.raised_at, alert.key),
    )
    return tuple(
        SummaryAlert(
            raised_at=alert.raised_at,
            severity=alert.severity,
            alert_type=str(alert.alert_type),
            subject=alert.subject,
            message=alert.message,
        )
        for alert in told
    )
