"""A half day as it should have been played: three followers, one filled, everybody told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from shared.domain.alert_text import alert_title
from shared.domain.alerts import Alert, AlertType
from shared.domain.daily_pnl import DailyPnl, DayExtent, roll_up
from shared.domain.fills import ExecId, Fill
from shared.domain.followers import Follower
from shared.domain.marks import Mark, QuoteUsed
from shared.domain.money import ZERO
from shared.domain.options import ContractKey
from shared.domain.orders import (
    BrokerIds,
    Order,
    OrderState,
    Purpose,
    opening_order_id,
    order_ref_of,
)
from shared.domain.pnl import mark_legs
from shared.domain.positions import Position, position_from_fills
from shared.domain.reasons import Reason
from shared.domain.reports import Report, daily_report_id
from shared.domain.session_record import Finality, SessionRecord
from shared.domain.sessions import Session
from shared.domain.signals import SignalId
from shared.domain.spreads import Side, Spread, spread_of
from tests.sandbox.books import Books
from tests.sandbox.broker_state import BrokerOrder, BrokerState
from tests.sandbox.cast import Cast, make_cast
from tests.sandbox.checks import check_day
from tests.sandbox.delivered import Delivered
from tests.sandbox.options import read_options

SIGNAL_ID = SignalId("2026-11-27-QQQ-1")
_FEE = Decimal("0.65")


@dataclass(frozen=True, kw_only=True, slots=True)
class PlayedDay:
    """Everything that the checks of a day look at."""

    session: Session
    cast: Cast
    books: Books
    broker: BrokerState
    delivered: Delivered

    def faults(self) -> dict[str, tuple[str, ...]]:
        """Faults by the names of the checks that do not hold."""
        checks = check_day(
            session=self.session,
            cast=self.cast,
            books=self.books,
            broker=self.broker,
            delivered=self.delivered,
        )
        return {check.name: check.faults for check in checks if not check.holds}


def a_played_day(*arguments: str) -> PlayedDay:
    """The day as it should be; the first follower's position is still open at the close."""
    options = read_options(["--session-date", "2026-11-27", *arguments])
    cast, session = make_cast(options), options.session
    orders = tuple(_order(follower, cast, session) for follower in cast.followers)
    fills = tuple(
        fill for order in orders if order.filled_quantity for fill in _leg_fills(order, session)
    )
    position = _position(orders[0], fills)
    alerts = _alerts(cast, session)
    books = Books(
        session=SessionRecord(
            session_date=session.session_date, open_at=session.open_at, close_at=session.close_at
        ),
        orders=orders,
        fills=fills,
        positions=(position,),
        marks=_marks(position, session),
        days=tuple(_day(follower, position, session) for follower in cast.followers),
        alerts=alerts,
        report=Report(
            report_id=daily_report_id(session.session_date),
            period=session.session_date,
            figures_sha256="0" * 64,
            as_of=session.close_at,
            files=(),
            link_nonce="nonce",
        ),
        documents_sha256="0" * 64,
        document_counts={},
    )
    return PlayedDay(
        session=session,
        cast=cast,
        books=books,
        broker=_broker(orders, fills),
        delivered=_delivered(alerts),
    )


def an_alert(alert_type: AlertType, subject: str, session: Session) -> Alert:
    """An alert of the day."""
    return Alert(
        alert_type=alert_type,
        subject=subject,
        message="words",
        session_date=session.session_date,
        raised_at=session.open_at,
    )


def _spread(cast: Cast) -> Spread:
    assert cast.accepted is not None
    return spread_of(
        symbol=cast.accepted.ticker,
        strategy=cast.accepted.strategy,
        expiry="2026-11-30",
        long_strike=cast.accepted.long_strike,
        short_strike=cast.accepted.short_strike,
    )


def _order(follower: Follower, cast: Cast, session: Session) -> Order:
    reasons = {cast.poor: Reason.NO_MARGIN, cast.unreachable: Reason.GATEWAY_UNREACHABLE}
    reason = reasons.get(follower.follower_id)
    order_id = opening_order_id(SIGNAL_ID, follower.follower_id)
    quantity = int(10 * follower.multiplier_ratio)
    return Order(
        order_id=order_id,
        purpose=Purpose.OPEN,
        signal_id=SIGNAL_ID,
        follower_id=follower.follower_id,
        login_id=follower.login_id,
        account_id=follower.account_id,
        session_date=session.session_date,
        spread=_spread(cast),
        quantity=quantity,
        state=OrderState.SKIPPED if reason else OrderState.FILLED,
        planned_at=session.open_at,
        reason=reason,
        broker=BrokerIds(order_ref=order_ref_of(order_id), client_id=11, broker_order_id=1),
        filled_quantity=0 if reason else quantity,
    )


def _leg_fills(order: Order, session: Session) -> tuple[Fill, ...]:
    prices = {Side.BUY: Decimal("0.30"), Side.SELL: Decimal("1.20")}
    return tuple(
        Fill(
            exec_id=ExecId(f"{order.follower_id}-{leg.side}"),
            order_id=order.order_id,
            follower_id=order.follower_id,
            account_id=order.account_id,
            session_date=session.session_date,
            contract_key=leg.contract.key,
            side=leg.side,
            quantity=order.quantity,
            price=prices[leg.side],
            multiplier=100,
            fee=_FEE * order.quantity,
            at=session.open_at + timedelta(seconds=7),
        )
        for leg in order.legs
    )


def _position(order: Order, fills: tuple[Fill, ...]) -> Position:
    return position_from_fills(
        follower_id=order.follower_id,
        account_id=order.account_id,
        session_date=order.session_date,
        spread=order.spread,
        fills=fills,
    )


def _mids(position: Position) -> dict[ContractKey, Decimal]:
    long, short = position.spread.long_contract.key, position.spread.short_contract.key
    return {long: Decimal("0.10"), short: Decimal("0.50")}


def _marks(position: Position, session: Session) -> tuple[Mark, ...]:
    used = {
        str(key): QuoteUsed(
            bid=mid - Decimal("0.01"), ask=mid + Decimal("0.01"), at=session.open_at, stale=False
        )
        for key, mid in _mids(position).items()
    }
    return tuple(
        Mark(
            session_date=session.session_date,
            slot=slot,
            part=0,
            marked_at=session.open_at,
            entries={},
            quotes=used,
            stale=False,
        )
        for slot in session.mark_slots()
    )


def _day(follower: Follower, position: Position, session: Session) -> DailyPnl:
    is_his = follower.follower_id == position.follower_id
    legs, fees = (position.legs, position.fees) if is_his else ((), ZERO)
    return roll_up(
        session_date=session.session_date,
        follower_id=follower.follower_id,
        totals=(),
        end=mark_legs(legs, _mids(position), fees=fees),
        extent=DayExtent(),
        commission_ratio=Decimal("0.2"),
        finality=Finality.PROVISIONAL,
        now=session.close_at,
    )


def _alerts(cast: Cast, session: Session) -> tuple[Alert, ...]:
    poor, unreachable = cast.followers[-2], cast.followers[-1]
    return (
        an_alert(AlertType.GATEWAY_UNREACHABLE, unreachable.login_id, session),
        an_alert(AlertType.NO_MARGIN, poor.follower_id, session),
    )


def _broker(orders: tuple[Order, ...], fills: tuple[Fill, ...]) -> BrokerState:
    sent = [order.broker.order_ref for order in orders if order.broker and order.filled_quantity]
    return BrokerState(
        orders=tuple(BrokerOrder(order_ref=ref, is_live=False) for ref in sent),
        positions={(fill.account_id, fill.contract_key): fill.signed_quantity for fill in fills},
    )


def _delivered(alerts: tuple[Alert, ...]) -> Delivered:
    return Delivered(
        telegram_texts=tuple(alert_title(alert) for alert in alerts),
        mail_subjects=(),
        telegram_alerts=2,
        alert_mails=1,
        report_link="http://127.0.0.1/#token",
        report_pdf=b"%PDF-1.7",
    )
