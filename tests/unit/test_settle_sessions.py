"""When a session is final, what it waits for, and what a month of final sessions sets off."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from shared.adapters.firestore.codec import encode
from shared.adapters.firestore.fills import FirestoreFills
from shared.domain.broker_statement import CashTransaction
from shared.domain.errors import AdapterError
from shared.domain.followers import FollowerId
from shared.domain.session_record import Finality
from shared.domain.spreads import Side
from shared.domain.statements import StatementState
from tests.builders import SESSION_DATE
from tests.fakes.dying_documents import Died, DyingDocuments
from tests.settling import (
    AGREEING,
    EXPIRATIONS,
    EXPIRED,
    LOGIN,
    MONDAY,
    SettlementDesk,
    a_login,
    saying,
)
from tests.statements_of_broker import (
    ACCOUNT,
    BUYING,
    SELLING,
    SHORT_LEG,
    SPREAD_HELD,
    a_statement,
    a_trade,
    leg_fills,
    leg_trades,
)

SECOND_BUSINESS_DAY = MONDAY + timedelta(days=1)
JUST_BEFORE_EIGHT = SECOND_BUSINESS_DAY.replace(hour=12, minute=59, second=59)


def test_a_session_that_agrees_becomes_final_with_its_figures() -> None:
    # 5 x (1.95 - 1.10) x 100 = 425.00, less 2 x 3.25 fees = 418.50.
    desk = SettlementDesk()
    settled = desk.settle()
    assert (settled.final, settled.waiting) == ((SESSION_DATE,), ())
    record = desk.record()
    assert (record.finality, record.final_at) == (Finality.FINAL, MONDAY)
    day = desk.day()
    assert day.finality is Finality.FINAL
    assert (day.realized, day.fees, day.total) == (
        Decimal(425),
        Decimal("6.50"),
        Decimal("418.50"),
    )
    assert desk.broker.asked == [(LOGIN, SESSION_DATE)]


def test_settling_again_asks_nobody_and_changes_nothing() -> None:
    desk = SettlementDesk()
    desk.settle()
    before = desk.day()
    again = desk.settle()
    assert (again.final, again.waiting) == ((), ())
    assert desk.broker.asked == [(LOGIN, SESSION_DATE)]
    assert desk.day() == before


def test_a_fee_the_broker_tells_late_is_taken_over_and_the_day_rolled_up_again() -> None:
    desk = SettlementDesk([*leg_fills(fee=None), *EXPIRED])
    desk.broker.put(
        LOGIN,
        SESSION_DATE,
        saying(a_trade(fee="3.30"), a_trade(SELLING, Side.SELL, price="1.95", contract=SHORT_LEG)),
    )
    assert desk.settle().final == (SESSION_DATE,)
    assert desk.day().fees == Decimal("6.55")
    assert desk.fee_of(leg_fills()[0]) == Decimal("3.30")


def test_a_fill_that_was_missed_is_added_and_billed() -> None:
    bought, sold = leg_fills()
    desk = SettlementDesk([bought, *EXPIRED])
    settled = desk.settle()
    assert settled.final == (SESSION_DATE,)
    stored = {one.exec_id for one in FirestoreFills(desk.documents).of_session(SESSION_DATE)}
    assert sold.exec_id in stored
    assert desk.day().realized == Decimal(425)


def test_a_fill_that_the_broker_does_not_know_keeps_the_session_provisional() -> None:
    desk = SettlementDesk()
    desk.broker.put(LOGIN, SESSION_DATE, saying(leg_trades()[0]))
    settled = desk.settle()
    assert settled.final == ()
    assert "BROKER_STATEMENT_MISMATCH" in desk.told()
    record = desk.record()
    assert record.finality is Finality.PROVISIONAL
    assert any(SELLING in why for why in record.waits_for)
    desk.broker.put(LOGIN, SESSION_DATE, AGREEING)
    assert desk.settle().final == (SESSION_DATE,)
    assert desk.record().waits_for == ()


def test_a_statement_that_cannot_be_had_is_told_and_tried_again() -> None:
    desk = SettlementDesk()
    desk.broker.put(LOGIN, SESSION_DATE, AdapterError("flex", "1001: busy", retryable=True))
    assert desk.settle().waiting[0].waits_for == (f"{LOGIN}: no statement: flex: 1001: busy",)
    assert desk.told() == ["BROKER_STATEMENT_MISSING"]
    desk.broker.put(LOGIN, SESSION_DATE, AGREEING)
    assert desk.settle().final == (SESSION_DATE,)


def test_a_login_without_a_token_is_told_by_name() -> None:
    desk = SettlementDesk()
    desk.put(f"logins/{LOGIN}", encode(replace(a_login(), flex_token_secret=None)))
    assert "no Flex token" in desk.settle().waiting[0].waits_for[0]
    assert desk.broker.asked == []


def test_without_the_mornings_sweep_nothing_is_final() -> None:
    desk = SettlementDesk()
    desk.sweep(at=MONDAY - timedelta(days=2))
    assert "not compared since the night" in desk.settle().waiting[0].waits_for[0]
    desk.sweep(agrees=False, why="5 QQQ shares more than the books say")
    assert desk.settle().waiting[0].waits_for == (
        f"{ACCOUNT}: 5 QQQ shares more than the books say",
    )
    desk.sweep()
    assert desk.settle().final == (SESSION_DATE,)


def test_an_expiry_that_the_statement_does_not_show_yet_is_shown_by_the_mornings_sweep() -> None:
    desk = SettlementDesk()
    desk.broker.put(LOGIN, SESSION_DATE, a_statement(leg_trades(), SPREAD_HELD))
    desk.sweep(agrees=False, why="it still holds 5 QQQ-2026-11-27-P-585")
    assert desk.settle().final == ()
    desk.sweep()
    assert desk.settle().final == (SESSION_DATE,)


def test_a_fee_that_nobody_tells_keeps_the_session_provisional() -> None:
    # The statement knows the executions by another account's query: none of them is matched.
    desk = SettlementDesk([*leg_fills(fee=None), *EXPIRED])
    desk.broker.put(LOGIN, SESSION_DATE, a_statement((), events=EXPIRATIONS))
    waits = desk.settle().waiting[0].waits_for
    assert f"{ACCOUNT}: no fee for execution {BUYING}" in waits


def test_a_deposit_is_never_profit() -> None:
    desk = SettlementDesk()
    deposit = CashTransaction(
        account_id=ACCOUNT, kind="Deposits/Withdrawals", amount=Decimal(50_000)
    )
    desk.broker.put(
        LOGIN, SESSION_DATE, a_statement(leg_trades(), events=EXPIRATIONS, cash=[deposit])
    )
    assert desk.settle().final == (SESSION_DATE,)
    assert desk.day().total == Decimal("418.50")
    statement = desk.statement()
    assert statement is not None
    assert statement.waterfall is not None
    assert statement.waterfall.net == Decimal("418.50")


def test_what_is_not_final_by_eight_on_the_second_business_day_is_an_alert() -> None:
    desk = SettlementDesk()
    desk.sweep(agrees=False, why="one contract missing")
    desk.clock.set(JUST_BEFORE_EIGHT)
    desk.settle()
    assert "ROLLUP_NOT_FINAL" not in desk.told()
    desk.clock.set(JUST_BEFORE_EIGHT + timedelta(seconds=1))
    desk.settle()
    (alert,) = [one for one in desk.alarm.raised if str(one.alert_type) == "ROLLUP_NOT_FINAL"]
    assert alert.subject == SESSION_DATE
    assert "one contract missing" in alert.message


def test_a_final_month_is_billed_and_its_reports_are_asked_for_once_it_is_over() -> None:
    desk = SettlementDesk()
    desk.settle()
    draft = desk.statement()
    assert draft is not None
    assert draft.state is StatementState.PROVISIONAL, "the last session is not over"
    assert draft.due == Decimal("83.70"), "20 % of 418.50"
    desk.open("2026-11-30")
    desk.clock.set(SECOND_BUSINESS_DAY)
    settled = desk.settle()
    assert settled.final == ("2026-11-30",)
    issued = desk.statement()
    assert issued is not None
    assert (issued.state, issued.number) == (StatementState.ISSUED, "SP-2026-000001")
    assert issued.due == Decimal("83.70")
    requests = [one.data for one in desk.publisher.published if "month" in one.data]
    assert requests == [{"type": "monthly_reports_requested", "month": "2026-11"}]


def test_a_session_of_nobody_is_final_without_asking_anybody() -> None:
    desk = SettlementDesk()
    desk.open("2026-11-25")
    assert desk.settle().final == ("2026-11-25", SESSION_DATE)
    assert desk.broker.asked == [(LOGIN, SESSION_DATE)]


def test_a_reopened_session_is_settled_anew_and_the_difference_becomes_an_adjustment() -> None:
    desk = SettlementDesk()
    desk.open("2026-11-30")
    desk.clock.set(SECOND_BUSINESS_DAY)
    desk.settle()
    corrected = a_trade(
        SELLING, Side.SELL, price="2.05", contract=SHORT_LEG, revision="02", fee="3.25"
    )
    desk.broker.put(LOGIN, SESSION_DATE, saying(leg_trades()[0], corrected))
    desk.sessions.reopen(SESSION_DATE, "reopened by ada: a corrected execution")
    desk.clock.set(SECOND_BUSINESS_DAY + timedelta(days=1))
    desk.settle()
    # 0.95 instead of 0.85: 475.00 - 6.50 = 468.50; 20 % of it is 93.70, 10.00 more.
    assert desk.day().total == Decimal("468.50")
    assert desk.day().finality is Finality.FINAL
    statement = desk.statement()
    assert statement is not None
    assert statement.due == Decimal("83.70"), "what is issued is frozen"
    (noted,) = desk.ports().statements.adjustments.of_follower(FollowerId("anna"))
    assert noted.amount == Decimal(10)
    assert "STATEMENT_ADJUSTED" in desk.told()


def a_month_to_settle() -> SettlementDesk:
    desk = SettlementDesk([*leg_fills(fee=None), *EXPIRED])
    desk.open("2026-11-30")
    desk.clock.set(SECOND_BUSINESS_DAY)
    return desk


def writes_of_a_run() -> int:
    desk = a_month_to_settle()
    counting = DyingDocuments(desk.documents)
    desk.documents = counting
    desk.settle()
    return counting.writes


@pytest.mark.parametrize("applied", [False, True])
@pytest.mark.parametrize("at", range(writes_of_a_run()))
def test_a_run_that_dies_at_any_write_is_completed_by_the_next(at: int, applied: bool) -> None:
    whole = a_month_to_settle()
    whole.settle()
    desk = a_month_to_settle()
    living = desk.documents
    desk.documents = DyingDocuments(living, at=at, applied=applied)
    with pytest.raises(Died):
        desk.settle()
    desk.documents = living
    desk.settle()
    assert desk.statement() == whole.statement()
    assert desk.day() == whole.day()
    assert desk.record().finality is Finality.FINAL
    asked = [one.data for one in desk.publisher.published if "month" in one.data]
    assert {"type": "monthly_reports_requested", "month": "2026-11"} in asked
