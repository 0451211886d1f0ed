"""The day's checks: each holds for a day as it should be, and fails on a planted fault."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import TypedDict, Unpack

import pytest

from shared.domain.alerts import Alert, AlertType
from shared.domain.daily_pnl import DailyPnl
from shared.domain.fills import Fill
from shared.domain.marks import Mark
from shared.domain.orders import Order, OrderState
from shared.domain.positions import Position
from shared.domain.reasons import Reason
from shared.domain.reports import Report
from tests.sandbox.broker_state import BrokerOrder
from tests.sandbox.cast import make_cast
from tests.sandbox.options import read_options
from tests.unit.played_day import PlayedDay, a_played_day, an_alert


class _Changes(TypedDict, total=False):
    orders: tuple[Order, ...]
    fills: tuple[Fill, ...]
    positions: tuple[Position, ...]
    marks: tuple[Mark, ...]
    days: tuple[DailyPnl, ...]
    alerts: tuple[Alert, ...]
    report: Report | None


def _books(day: PlayedDay, **changes: Unpack[_Changes]) -> PlayedDay:
    return replace(day, books=replace(day.books, **changes))


def _order_is_live(day: PlayedDay) -> PlayedDay:
    first, *others = day.books.orders
    return _books(day, orders=(replace(first, state=OrderState.WORKING), *others))


def _order_is_missing(day: PlayedDay) -> PlayedDay:
    return _books(day, orders=day.books.orders[:-1])


def _order_is_sent_twice(day: PlayedDay) -> PlayedDay:
    return replace(day, broker=replace(day.broker, orders=day.broker.orders * 2))


def _order_is_a_strangers(day: PlayedDay) -> PlayedDay:
    stranger = BrokerOrder(order_ref="SP-STRANGER", is_live=False)
    return replace(day, broker=replace(day.broker, orders=(*day.broker.orders, stranger)))


def _order_lives_on_at_the_broker(day: PlayedDay) -> PlayedDay:
    [order] = day.broker.orders
    return replace(day, broker=replace(day.broker, orders=(replace(order, is_live=True),)))


def _broker_has_less(day: PlayedDay) -> PlayedDay:
    others = list(day.broker.positions.items())[1:]
    return replace(day, broker=replace(day.broker, positions=dict(others)))


def _broker_has_more(day: PlayedDay) -> PlayedDay:
    more = {**day.broker.positions, ("DU9", "QQQ"): 100}
    return replace(day, broker=replace(day.broker, positions=more))


def _short_is_uncovered(day: PlayedDay) -> PlayedDay:
    [position] = day.books.positions
    long, short = position.legs
    uncovered = replace(position, legs=(replace(long, quantity=long.quantity - 1), short))
    return _books(day, positions=(uncovered,))


def _mark_is_missing(day: PlayedDay) -> PlayedDay:
    return _books(day, marks=day.books.marks[:-1])


def _mark_is_not_due(day: PlayedDay) -> PlayedDay:
    last = day.books.marks[-1]
    return _books(day, marks=(*day.books.marks, replace(last, slot=last.slot + 1)))


def _cent_is_lost(day: PlayedDay) -> PlayedDay:
    first, *others = day.books.days
    return _books(day, days=(replace(first, total=first.total - Decimal("0.01")), *others))


def _fee_is_lost(day: PlayedDay) -> PlayedDay:
    first, *others = day.books.fills
    return _books(day, fills=(replace(first, fee=Decimal(0)), *others))


def _roll_up_is_missing(day: PlayedDay) -> PlayedDay:
    return _books(day, days=day.books.days[1:])


def _alert_is_missing(day: PlayedDay) -> PlayedDay:
    return _books(day, alerts=day.books.alerts[1:])


def _alert_is_not_expected(day: PlayedDay) -> PlayedDay:
    wrong = an_alert(AlertType.NO_MARGIN, "f-0001", day.session)
    return _books(day, alerts=(*day.books.alerts, wrong))


def _stale_marks_raised_nothing(day: PlayedDay) -> PlayedDay:
    first, *others = day.books.marks
    return _books(day, marks=(replace(first, stale=True), *others))


def _market_reason_raised_nothing(day: PlayedDay) -> PlayedDay:
    first, *others = day.books.orders
    reason = Reason.LIMIT_REACHED
    return _books(day, orders=(replace(first, reason=reason), *others))


def _telegram_lost_one(day: PlayedDay) -> PlayedDay:
    return replace(day, delivered=replace(day.delivered, telegram_alerts=1))


def _mail_lost_one(day: PlayedDay) -> PlayedDay:
    return replace(day, delivered=replace(day.delivered, alert_mails=0))


def _report_is_missing(day: PlayedDay) -> PlayedDay:
    return _books(day, report=None)


def _link_leads_nowhere(day: PlayedDay) -> PlayedDay:
    return replace(day, delivered=replace(day.delivered, report_pdf=b"<Error>"))


def _nobody_was_filled(day: PlayedDay) -> PlayedDay:
    first, *others = day.books.orders
    late = replace(first, state=OrderState.SKIPPED, reason=Reason.LATE)
    return _books(day, orders=(late, *others))


def _without_a_signal(day: PlayedDay, sheet: str) -> PlayedDay:
    cast = make_cast(read_options(["--session-date", "2026-11-27", "--signal", sheet]))
    nothing: _Changes = {"orders": (), "fills": (), "positions": (), "days": (), "alerts": ()}
    return replace(
        _books(day, **nothing),
        cast=cast,
        broker=replace(day.broker, orders=(), positions={}),
        delivered=replace(day.delivered, telegram_alerts=0, alert_mails=0),
    )


FAULTS: list[tuple[str, Callable[[PlayedDay], PlayedDay]]] = [
    ("every order is terminal", _order_is_live),
    ("one order per follower, none without a signal", _order_is_missing),
    ("one broker order per order", _order_is_sent_twice),
    ("one broker order per order", _order_is_a_strangers),
    ("one broker order per order", _order_lives_on_at_the_broker),
    ("broker positions equal our fills", _broker_has_less),
    ("broker positions equal our fills", _broker_has_more),
    ("no short without its long", _short_is_uncovered),
    ("every due mark slot is marked or listed", _mark_is_missing),
    ("every due mark slot is marked or listed", _mark_is_not_due),
    ("fills make the profit and loss, to the cent", _cent_is_lost),
    ("fills make the profit and loss, to the cent", _fee_is_lost),
    ("fills make the profit and loss, to the cent", _roll_up_is_missing),
    ("alerts are exactly those expected", _alert_is_missing),
    ("alerts are exactly those expected", _alert_is_not_expected),
    ("alerts are exactly those expected", _stale_marks_raised_nothing),
    ("alerts are exactly those expected", _market_reason_raised_nothing),
    ("every alert reached its people", _telegram_lost_one),
    ("every alert reached its people", _mail_lost_one),
    ("the daily summary opens through its link", _report_is_missing),
    ("the daily summary opens through its link", _link_leads_nowhere),
    ("the daily summary opens through its link", _nobody_was_filled),
]


@pytest.fixture(scope="module")
def day() -> PlayedDay:
    return a_played_day()


def test_a_day_as_it_should_be_has_no_fault(day: PlayedDay) -> None:
    assert day.faults() == {}


@pytest.mark.parametrize(("name", "plant"), FAULTS, ids=[plant.__name__ for _, plant in FAULTS])
def test_a_planted_fault_is_found(
    day: PlayedDay, name: str, plant: Callable[[PlayedDay], PlayedDay]
) -> None:
    assert name in plant(day).faults()


def test_every_check_has_a_planted_fault(day: PlayedDay) -> None:
    empty = replace(day.delivered, telegram_alerts=0, report_pdf=b"")
    everything = replace(_order_is_live(_books(day, marks=(), report=None)), delivered=empty)
    known = {name for name, _ in FAULTS}
    assert set(everything.faults()) <= known
    assert len(known) == 10


def test_a_slot_listed_as_a_gap_is_no_fault_but_an_alert(day: PlayedDay) -> None:
    assert day.books.session is not None
    gap = day.books.marks[-1].slot
    session = replace(day.books.session, gaps=(gap,))
    gapped = replace(day, books=replace(day.books, session=session, marks=day.books.marks[:-1]))
    assert gapped.faults() == {
        "alerts are exactly those expected": ("MARKS_MISSING for marks was not raised",)
    }


def test_a_day_without_a_signal_wants_a_signal_alert_and_no_order(
    day: PlayedDay, tmp_path_factory: pytest.TempPathFactory
) -> None:
    sheet = tmp_path_factory.mktemp("sheet") / "sheet.csv"
    sheet.write_text("Date,Ticker\n2026-11-27,QQQ\n")
    alert = an_alert(AlertType.SIGNAL_INVALID, "sheet", day.session)
    faulty = _without_a_signal(day, str(sheet))
    told = replace(faulty, books=replace(faulty.books, alerts=(alert,)))
    assert set(faulty.faults()) == {"alerts are exactly those expected"}
    told = replace(told, delivered=replace(told.delivered, telegram_alerts=1, alert_mails=1))
    assert told.faults() == {}
    ordered = replace(told, books=replace(told.books, orders=day.books.orders[:1]))
    assert "one order per follower, none without a signal" in ordered.faults()
