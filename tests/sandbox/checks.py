"""The day's own checks: what must hold however the market went."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from shared.domain.alerts import Alert, AlertType, Severity
from shared.domain.close_causes import CloseCause
from shared.domain.fills import Fill
from shared.domain.marks import Mark
from shared.domain.money import CENT, ZERO
from shared.domain.orders import OrderState, Purpose
from shared.domain.pnl import mark_legs
from shared.domain.positions import Position, position_from_fills
from shared.domain.reasons import Reason
from shared.domain.sessions import Session
from shared.domain.time_value import TimeValueStatus
from tests.crash.both_books import BrokerBook, OurBook
from tests.crash.invariants import check_invariants
from tests.sandbox.books import Books
from tests.sandbox.broker_state import BrokerState
from tests.sandbox.cast import Cast
from tests.sandbox.delivered import Delivered
from tests.sandbox.drills import Drill

_SIGNAL_ALERTS = {
    AlertType.SIGNAL_INVALID,
    AlertType.SIGNAL_MISSING,
    AlertType.SIGNAL_CHANGED,
}
_MARKET_REASONS = {
    Reason.LIMIT_REACHED: AlertType.LIMIT_REACHED,
    Reason.MID_TOO_LOW: AlertType.MID_TOO_LOW,
    Reason.MID_TOO_HIGH: AlertType.MID_TOO_HIGH,
    Reason.QUOTE_UNUSABLE: AlertType.QUOTE_UNUSABLE,
    Reason.CONTRACT_UNKNOWN: AlertType.CONTRACT_UNKNOWN,
}

_CLOSING_PATIENCE = timedelta(seconds=60)


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """One check's outcome; `faults` is empty where it holds."""

    name: str
    faults: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """True without a fault."""
        return not self.faults


def check_day(
    *,
    session: Session,
    cast: Cast,
    books: Books,
    broker: BrokerState,
    delivered: Delivered,
    seen: BrokerBook | None = None,
    drill: Drill | None = None,
) -> tuple[Check, ...]:
    """Check a finished day against the broker's own state and what the outside world received.

    Args:
        session: The session that was played.
        cast: Who played.
        books: Our books.
        broker: The broker's.
        delivered: What the outside world received.
        seen: The broker's book in full, for the invariants; None leaves them out.
        drill: What went wrong: some of a day's expectations are others then.
    """
    has_signal = cast.accepted is not None
    allowed = drill.alerts if drill else frozenset[AlertType]()
    named: dict[str, Iterable[str]] = {
        "every order is terminal": _terminal(books),
        "one order per follower, none without a signal": _one_each(books, cast),
        "one broker order per order": _broker_orders(books, broker),
        "broker positions equal our fills": _positions(books, broker),
        "no short without its long": _covered(books.positions),
        "every due mark slot is marked or listed": _slots(session, books),
        "fills make the profit and loss, to the cent": _profit(books),
        "alerts are exactly those expected": _alerts(books, cast, allowed),
        "every alert reached its people": _delivered(books, delivered),
        "the daily summary opens through its link": _report(books, delivered, has_signal),
    }
    if drill is not None:
        # The broker may hold an order twice, and one of ours may stay unknown, if it is told.
        named["every order is terminal"] = _terminal_or_told(books)
        named["one broker order per order"] = _none_live(broker)
        del named["broker positions equal our fills"]
        named["the daily summary opens through its link"] = _report(books, delivered, False)
    if seen is not None:
        named["invariants 1 to 7 hold"] = map(str, check_invariants(_ours(books), seen))
    return tuple(Check(name=name, faults=tuple(faults)) for name, faults in named.items())


def _ours(books: Books) -> OurBook:
    return OurBook(
        orders=books.orders,
        fills=books.fills,
        positions=books.positions,
        alerts=books.alerts,
        external=books.external,
    )


def _terminal_or_told(books: Books) -> Iterator[str]:
    told = {a.follower_id for a in books.alerts if a.alert_type is AlertType.ORDER_UNCONFIRMED}
    for order in books.orders:
        is_told = order.state is OrderState.UNCONFIRMED and order.follower_id in told
        if not order.is_terminal and not is_told:
            yield f"{order.order_id} is {order.state}"


def _none_live(broker: BrokerState) -> Iterator[str]:
    for order in broker.orders:
        if order.is_live:
            yield f"{order.order_ref} is still live at the broker"


def _terminal(books: Books) -> Iterator[str]:
    for order in books.orders:
        if not order.is_terminal:
            yield f"{order.order_id} is {order.state}"


def _one_each(books: Books, cast: Cast) -> Iterator[str]:
    expected = len(cast.followers) if cast.accepted else 0
    openings = [order for order in books.orders if order.order_id.endswith("~open")]
    if len(openings) != expected:
        yield f"{len(openings)} opening orders, {expected} expected"


def _broker_orders(books: Books, broker: BrokerState) -> Iterator[str]:
    ours = {order.broker.order_ref for order in books.orders if order.broker}
    counted = Counter(order.order_ref for order in broker.orders)
    for ref, count in sorted(counted.items()):
        if count > 1:
            yield f"{count} broker orders carry {ref}"
        if ref not in ours:
            yield f"the broker has an order {ref!r} that is not ours"
    for order in broker.orders:
        if order.is_live:
            yield f"{order.order_ref} is still live at the broker"


def _positions(books: Books, broker: BrokerState) -> Iterator[str]:
    booked: Counter[tuple[str, str]] = Counter()
    for fill in books.fills:
        if not fill.is_combo:
            booked[fill.account_id, fill.contract_key] += fill.signed_quantity
    for key in sorted(set(booked) | set(broker.positions)):
        if booked[key] != broker.positions.get(key, 0):
            yield f"{key}: we booked {booked[key]}, the broker has {broker.positions.get(key, 0)}"


def _covered(positions: Sequence[Position]) -> Iterator[str]:
    for position in positions:
        held = {leg.contract_key: leg.quantity for leg in position.legs}
        short = -held.get(position.spread.short_contract.key, 0)
        long = held.get(position.spread.long_contract.key, 0)
        if short > long:
            yield f"{position.position_id} is short {short} over {long}"


def _slots(session: Session, books: Books) -> Iterator[str]:
    due = set(session.mark_slots())
    marked = {mark.slot for mark in books.marks}
    listed = set(books.session.gaps) if books.session else set()
    if missing := due - marked - listed:
        yield f"{len(missing)} of {len(due)} slots neither marked nor listed as gaps"
    if extra := marked - due:
        yield f"{len(extra)} slots marked that are not due"


def _profit(books: Books) -> Iterator[str]:
    """Recompute everybody's day from his fills alone and the last mark's quotes."""
    last_quotes = _last_mids(books.marks)
    fills: dict[str, list[Fill]] = {}
    for fill in books.fills:
        fills.setdefault(fill.follower_id, []).append(fill)
    positions = {position.follower_id: position for position in books.positions}
    for day in books.days:
        position = positions.get(day.follower_id)
        expected = _recomputed(position, fills.get(day.follower_id, []), last_quotes)
        if abs(expected - day.total) >= CENT / 2:
            yield f"{day.follower_id}: rolled up {day.total}, his fills make {expected}"
    for follower_id in sorted(set(fills) - {day.follower_id for day in books.days}):
        yield f"{follower_id} has fills and no roll-up"


def _recomputed(
    position: Position | None, fills: list[Fill], mids: Mapping[str, Decimal]
) -> Decimal:
    if position is None:
        return ZERO
    rebuilt = position_from_fills(
        follower_id=position.follower_id,
        account_id=position.account_id,
        session_date=position.session_date,
        spread=position.spread,
        fills=fills,
    )
    known = {leg.contract_key: mids.get(leg.contract_key, ZERO) for leg in rebuilt.legs}
    return mark_legs(rebuilt.legs, known, fees=rebuilt.fees).total


def _last_mids(marks: Sequence[Mark]) -> dict[str, Decimal]:
    mids: dict[str, Decimal] = {}
    for mark in marks:
        for key, quote in mark.quotes.items():
            mids[key] = (quote.bid + quote.ask) / 2
    return mids


def _alerts(books: Books, cast: Cast, allowed: frozenset[AlertType]) -> Iterator[str]:
    told = {(alert.alert_type, _subject(alert)) for alert in books.alerts}
    if cast.accepted is None:
        kinds = {alert_type for alert_type, _ in told}
        if not kinds or kinds - _SIGNAL_ALERTS:
            yield f"a faulty signal raised {sorted(kinds)}"
        return
    expected = set(_expected(books, cast))
    differing = {one for one in expected ^ told if one[0] not in allowed}
    for alert_type, subject in sorted(differing & expected):
        yield f"{alert_type} for {subject} was not raised"
    for alert_type, subject in sorted(differing & told):
        yield f"{alert_type} for {subject} was not expected"


def _subject(alert: Alert) -> str:
    """The subject, without the time of day that makes a page of closings its own."""
    if alert.alert_type is AlertType.CLOSE_FAILED:
        return alert.subject.rpartition(" ")[0]
    return alert.subject


def _expected(books: Books, cast: Cast) -> Iterator[tuple[AlertType, str]]:
    signal_ids = sorted({order.signal_id for order in books.orders})
    for order in books.orders:
        if order.follower_id == cast.unreachable:
            yield AlertType.GATEWAY_UNREACHABLE, order.login_id
        elif order.follower_id == cast.poor and order.reason is not Reason.CONTRACT_UNKNOWN:
            yield AlertType.NO_MARGIN, order.follower_id
        if order.reason in _MARKET_REASONS:
            yield _MARKET_REASONS[order.reason], signal_ids[0]
    if any(mark.stale for mark in books.marks):
        yield AlertType.MARKET_DATA_STALE, "marks"
    if books.session and books.session.gaps:
        yield AlertType.MARKS_MISSING, "marks"
    expiring = [p for p in books.positions if p.spread.expiry == p.session_date]
    if any(not position.is_flat for position in expiring):
        yield AlertType.EOD_CLOSE_FAILED, f"{expiring[0].session_date} after the close"
    yield from _expected_closings(books)


def _expected_closings(books: Books) -> Iterator[tuple[AlertType, str]]:
    """Little time value is told, and so is every closing that lasted longer than a minute."""
    for record in books.spreads:
        for number in range(1, record.warnings + 1):
            yield AlertType.TIME_VALUE_RISK, f"{record.spread_id}~{number}"
        if record.status is TimeValueStatus.CRITICAL:
            yield AlertType.TIME_VALUE_CRITICAL, record.spread_id
    for order in books.orders:
        if order.close_cause is CloseCause.TIME_VALUE:
            yield AlertType.TIME_VALUE_CRITICAL, order.spread.spread_id
        lasted = (order.finished_at or order.planned_at) - order.planned_at
        if order.purpose is Purpose.CLOSE and lasted >= _CLOSING_PATIENCE:
            yield AlertType.CLOSE_FAILED, order.spread.spread_id


def _delivered(books: Books, delivered: Delivered) -> Iterator[str]:
    critical = sum(alert.severity is Severity.CRITICAL for alert in books.alerts)
    if delivered.telegram_alerts != len(books.alerts):
        yield f"{len(books.alerts)} alerts, {delivered.telegram_alerts} Telegram messages"
    if delivered.alert_mails != critical:
        yield f"{critical} critical alerts, {delivered.alert_mails} mails about alerts"


def _report(books: Books, delivered: Delivered, has_signal: bool) -> Iterator[str]:
    if books.report is None:
        yield "there is no daily summary"
    elif not delivered.report_pdf.startswith(b"%PDF-"):
        yield f"the link answered {delivered.report_pdf[:80]!r}"
    if has_signal and not any(order.state is OrderState.FILLED for order in books.orders):
        reasons = {order.reason for order in books.orders}
        if not reasons & set(_MARKET_REASONS):
            yield f"nobody was filled, for no reason of the market: {sorted(map(str, reasons))}"
