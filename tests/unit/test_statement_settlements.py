"""Assignments, exercises and expirations of the broker against what we booked of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from shared.domain.broker_statement import (
    OptionEvent,
    OptionEventKind,
    StatementPosition,
    StatementTrade,
)
from shared.domain.external_trades import holding
from shared.domain.fills import Fill
from shared.domain.spreads import Side
from shared.domain.statement_match import StatementMatch, match_statement
from shared.domain.statement_mismatch import MismatchKind
from tests.builders import NOON, SESSION_DATE, a_spread
from tests.statements_of_broker import (
    ACCOUNT,
    LONG_LEG,
    ORDER,
    ORDER_REF,
    SHORT_LEG,
    SPREAD_HELD,
    STOCK,
    a_booking,
    a_settlement,
    a_statement,
    an_event,
    held,
    leg_fills,
    leg_trades,
)

ASSIGNMENT, EXERCISE, EXPIRATION = (
    OptionEventKind.ASSIGNMENT,
    OptionEventKind.EXERCISE,
    OptionEventKind.EXPIRATION,
)
NEXT = "2026-11-30"
EXPIRED = (
    a_settlement("expiry", LONG_LEG, Side.SELL, 5),
    a_settlement("expiry", SHORT_LEG, Side.BUY, 5),
)
EXPIRATIONS = (an_event(EXPIRATION, LONG_LEG, "-5"), an_event(EXPIRATION, SHORT_LEG, "5"))
ASSIGNED = (
    a_settlement("assignment-1", SHORT_LEG, Side.BUY, 5),
    a_settlement("assignment-1", None, Side.BUY, 500, "590"),
)
EXERCISED = (
    a_settlement("exercise-1", LONG_LEG, Side.SELL, 5),
    a_settlement("exercise-1", None, Side.SELL, 500, "585"),
)


def match(
    settlements: Sequence[Fill],
    events: Sequence[OptionEvent],
    positions: Sequence[StatementPosition] = (),
    *,
    bookings: Sequence[StatementTrade] = (),
    others: int = 0,
) -> StatementMatch:
    tagged = holding(
        account_id=ACCOUNT,
        session_date=SESSION_DATE,
        contract_key=SHORT_LEG.key,
        quantity=others,
        at=NOON,
    )
    return match_statement(
        [*leg_fills(), *settlements],
        a_statement([*leg_trades(), *bookings], positions, events=events),
        session_date=SESSION_DATE,
        order_of_ref={ORDER_REF: ORDER},
        external_trades=[tagged] if others else [],
    )


def words(found: StatementMatch) -> list[tuple[MismatchKind, str]]:
    return [(one.kind, one.words) for one in found.mismatches]


def test_an_expiration_that_both_booked_agrees() -> None:
    assert match(EXPIRED, EXPIRATIONS) == StatementMatch()


def test_bookings_of_the_broker_are_not_counted_beside_its_events() -> None:
    bookings = [
        a_booking(EXPIRATION, LONG_LEG, Side.SELL, "5"),
        a_booking(EXPIRATION, SHORT_LEG, Side.BUY, "5"),
    ]
    assert match(EXPIRED, EXPIRATIONS, bookings=bookings) == StatementMatch()
    assert match(EXPIRED, (), bookings=bookings) == StatementMatch()


def test_an_assignment_and_an_exercise_that_both_booked_agree() -> None:
    events = (an_event(ASSIGNMENT, SHORT_LEG, "5"), an_event(EXERCISE, LONG_LEG, "-5"))
    bookings = [
        a_booking(ASSIGNMENT, SHORT_LEG, Side.BUY, "5"),
        a_booking(ASSIGNMENT, None, Side.BUY, "500", price="590"),
        a_booking(EXERCISE, LONG_LEG, Side.SELL, "5"),
        a_booking(EXERCISE, None, Side.SELL, "500", price="585"),
    ]
    assert match((*ASSIGNED, *EXERCISED), events, bookings=bookings) == StatementMatch()


def test_an_assignment_that_we_did_not_book_is_a_mismatch() -> None:
    events = (an_event(ASSIGNMENT, SHORT_LEG, "5"), an_event(EXPIRATION, LONG_LEG, "-5"))
    found = match(EXPIRED[:1], events, [held(STOCK, "500")])
    said = words(found)
    assert [kind for kind, _ in said] == [
        MismatchKind.OPTION_EVENT,
        MismatchKind.OPTION_EVENT,
        MismatchKind.POSITION,
    ]
    assert "assignment +5 of QQQ-2026-11-27-P-590; our bookings of its end make +0" in said[0][1]
    assert "at 590: +500 shares of QQQ; our bookings make +0" in said[1][1]


def test_an_expiry_that_proved_assigned_needs_only_its_shares() -> None:
    # Booked at 16:00 as worthless; at night 2 of 5 were assigned: 200 shares at 590.
    late = a_settlement("assignment-1", None, Side.BUY, 200, "590")
    events = (
        an_event(EXPIRATION, LONG_LEG, "-5"),
        an_event(EXPIRATION, SHORT_LEG, "3"),
        an_event(ASSIGNMENT, SHORT_LEG, "2"),
    )
    shares = [held(STOCK, "200")]
    assert match((*EXPIRED, late), events, shares) == StatementMatch()
    at_night = replace(late, session_date=NEXT)
    assert match((*EXPIRED, at_night), events, shares) == StatementMatch()
    found = match(EXPIRED, events, shares)
    assert [one.kind for one in found.mismatches] == [MismatchKind.OPTION_EVENT]
    assert found.mismatches[0].contract_key == STOCK


def test_an_expiry_that_the_broker_calls_assigned_contradicts_ours() -> None:
    events = (an_event(EXPIRATION, LONG_LEG, "-5"), an_event(ASSIGNMENT, SHORT_LEG, "5"))
    found = match(EXPIRED, events, [held(STOCK, "500")])
    assert [one.kind for one in found.mismatches] == [MismatchKind.OPTION_EVENT]


def test_what_is_cleared_in_a_later_statement_is_not_cleared_yet() -> None:
    found = match(EXPIRED, (), SPREAD_HELD)
    assert {one.kind for one in found.mismatches} == {MismatchKind.NOT_CLEARED}
    assert len(found.mismatches) == 2
    assert not found.has_changes


def test_a_booked_end_that_the_broker_has_otherwise_is_a_mismatch() -> None:
    found = match(EXPIRED, (), [held(LONG_LEG.key, "5"), held(SHORT_LEG.key, "-4")])
    assert sorted(one.kind for one in found.mismatches) == [
        MismatchKind.NOT_CLEARED,
        MismatchKind.POSITION,
    ]


def test_shares_of_the_night_that_are_not_in_the_statement_yet_are_not_cleared_yet() -> None:
    found = match((*ASSIGNED, *EXPIRED[:1]), (), SPREAD_HELD)
    assert {one.kind for one in found.mismatches} == {MismatchKind.NOT_CLEARED}


def test_a_statement_matched_again_after_later_events_still_agrees() -> None:
    """Two of five are assigned today, the other three a session later: all is booked by then."""
    later = a_spread(expiry="2026-12-04")
    order = replace(ORDER, spread=later)
    contract = later.short_contract
    opening = [
        replace(fill, contract_key=leg.contract.key)
        for fill, leg in zip(leg_fills(), later.opening_legs, strict=True)
    ]
    trades = [
        replace(trade, contract_key=leg.contract.key, contract=leg.contract)
        for trade, leg in zip(leg_trades(), later.opening_legs, strict=True)
    ]
    today = [
        a_settlement("assignment-1", contract, Side.BUY, 2),
        a_settlement("assignment-1", None, Side.BUY, 200, "590"),
    ]
    tomorrow = [
        replace(a_settlement("assignment-2", contract, Side.BUY, 3), session_date=NEXT),
        replace(a_settlement("assignment-2", None, Side.BUY, 300, "590"), session_date=NEXT),
    ]
    positions = [
        held(later.long_contract.key, "5"),
        held(contract.key, "-3"),
        held(STOCK, "200"),
    ]
    statement = a_statement(trades, positions, events=[an_event(ASSIGNMENT, contract, "2")])
    for known in (today, [*today, *tomorrow]):
        found = match_statement(
            [*opening, *known],
            statement,
            session_date=SESSION_DATE,
            order_of_ref={ORDER_REF: order},
            external_trades=[],
        )
        assert found == StatementMatch()


def test_what_the_broker_charged_for_an_end_is_put_on_our_booking() -> None:
    booking = a_booking(ASSIGNMENT, SHORT_LEG, Side.BUY, "5", fee="1.50")
    events = (an_event(ASSIGNMENT, SHORT_LEG, "5"), an_event(EXPIRATION, LONG_LEG, "-5"))
    settlements = (*ASSIGNED, EXPIRED[0])
    shares = [held(STOCK, "500")]
    found = match(settlements, events, shares, bookings=[booking])
    corrected = replace(ASSIGNED[0], fee=Decimal("1.50"))
    assert found == StatementMatch(fee_corrections=(corrected,))
    again = match((corrected, *settlements[1:]), events, shares, bookings=[booking])
    assert again == StatementMatch()


def test_what_the_broker_charged_for_an_end_that_we_did_not_book_is_a_mismatch() -> None:
    booking = a_booking(ASSIGNMENT, SHORT_LEG, Side.BUY, "5", fee="1.50")
    found = match((), (), bookings=[booking])
    assert "charged 1.50 USD for an assignment" in found.mismatches[0].words


def test_ends_of_contracts_that_others_hold_too_are_not_ours_to_judge() -> None:
    # The follower is short two more: 7 expire.
    events = (an_event(EXPIRATION, LONG_LEG, "-5"), an_event(EXPIRATION, SHORT_LEG, "7"))
    found = match(EXPIRED, events, [held(SHORT_LEG.key, "-2")], others=-2)
    assert found == StatementMatch()


def test_events_in_contracts_that_we_never_held_are_no_concern_of_ours() -> None:
    apple = an_event(ASSIGNMENT, replace(SHORT_LEG, symbol="AAPL"), "1")
    assert match(EXPIRED, (*EXPIRATIONS, apple)) == StatementMatch()
