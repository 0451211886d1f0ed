"""The invariants: each holds for a book as it should be, and fails on a planted fault."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from shared.domain.alerts import Alert, AlertType
from shared.domain.fills import ExecId
from shared.domain.followers import AccountId
from shared.domain.orders import BrokerIds, OrderState, Purpose
from shared.domain.spreads import Side
from tests.builders import NOON, SESSION_DATE, a_contract, a_fill, a_position, an_order
from tests.crash.both_books import BrokerBook, BrokerOrderSeen, ExecutionSeen, OurBook
from tests.crash.invariants import check_ended, check_invariants, check_unchanged

Books = tuple[OurBook, BrokerBook]
LONG, SHORT = a_contract("585"), a_contract("590")
ACCOUNT = "DU0000001"
IDS = BrokerIds(order_ref="SP-OPEN", client_id=11, broker_order_id=7)


def _fills() -> tuple[ExecutionSeen, ...]:
    return (
        _execution("0001.0001.02.01", LONG.key, 5, "0.98"),
        _execution("0001.0001.03.01", SHORT.key, -5, "1.96"),
    )


def _execution(
    exec_id: str, key: str, signed: int, price: str, *, ref: str = "SP-OPEN"
) -> ExecutionSeen:
    return ExecutionSeen(
        exec_id=exec_id,
        order_ref=ref,
        account_id=ACCOUNT,
        contract_key=key,
        signed_quantity=signed,
        price=Decimal(price),
        fee=Decimal("0.65"),
        at=NOON,
    )


def _books() -> Books:
    order = replace(an_order(OrderState.FILLED, filled_quantity=5), broker=IDS)
    seen = _fills()
    fills = (
        a_fill(Side.BUY, 5, "0.98", contract=LONG, exec_id="0001.0001.02"),
        a_fill(Side.SELL, 5, "1.96", contract=SHORT, exec_id="0001.0001.03"),
    )
    ours = OurBook(orders=(order,), fills=fills, positions=(a_position(fills),), alerts=())
    sent = BrokerOrderSeen(
        order_ref="SP-OPEN", order_id=7, perm_id=70, quantity=5, filled=5, is_live=False
    )
    positions = {(ACCOUNT, one.contract_key): one.signed_quantity for one in seen}
    return ours, BrokerBook(orders=(sent,), executions=seen, positions=positions)


def _sent_again(books: Books) -> Books:
    ours, broker = books
    again = replace(broker.orders[0], order_id=8, perm_id=80)
    return ours, replace(broker, orders=(*broker.orders, again))


def _two_live(books: Books) -> Books:
    ours, broker = books
    live = [replace(broker.orders[0], order_id=n, filled=0, is_live=True) for n in (7, 8)]
    return ours, replace(broker, orders=tuple(live))


def _lives_on(books: Books) -> Books:
    ours, broker = books
    return ours, replace(broker, orders=(replace(broker.orders[0], is_live=True),))


def _fill_lost(books: Books) -> Books:
    ours, broker = books
    return replace(ours, fills=ours.fills[:1]), broker


def _cent_lost(books: Books) -> Books:
    ours, broker = books
    wrong = replace(ours.fills[0], price=Decimal("0.97"))
    return replace(ours, fills=(wrong, ours.fills[1])), broker


def _on_anothers_order(books: Books) -> Books:
    ours, broker = books
    wrong = replace(ours.orders[0], account_id=AccountId("DU0000002"))
    return replace(ours, orders=(wrong,)), broker


def _order_says_less(books: Books) -> Books:
    ours, broker = books
    return replace(ours, orders=(replace(ours.orders[0], filled_quantity=4),)), broker


def _hidden(books: Books) -> Books:
    ours, broker = books
    unknown = replace(ours.orders[0], state=OrderState.UNCONFIRMED)
    return replace(ours, orders=(unknown,)), broker


def _closed_leg_by_leg(books: Books) -> Books:
    """The long leg is sold, and only then the short one bought back."""
    legs = (
        _execution("0002.0001.01.01", LONG.key, -5, "0.50", ref="SP-CLOSE"),
        _execution("0003.0001.01.01", SHORT.key, 5, "1.00", ref="SP-CLOSE"),
    )
    return _with_closing(books, *legs)


def _closed_through_zero(books: Books) -> Books:
    legs = (
        _execution("0002.0001.02.01", LONG.key, -6, "0.50", ref="SP-CLOSE"),
        _execution("0002.0001.03.01", SHORT.key, 6, "1.00", ref="SP-CLOSE"),
    )
    return _with_closing(books, *legs)


def _with_closing(books: Books, *legs: ExecutionSeen) -> Books:
    ours, broker = books
    closing = replace(
        an_order(OrderState.FILLED, purpose=Purpose.CLOSE, filled_quantity=5),
        broker=replace(IDS, order_ref="SP-CLOSE", broker_order_id=9),
    )
    orders = (*ours.orders, closing)
    return replace(ours, orders=orders), replace(broker, executions=(*broker.executions, *legs))


PLANTED: dict[str, Callable[[Books], Books]] = {
    "1 an order fills once": _sent_again,
    "1 under the id that was claimed": _sent_again,
    "1 one live broker order per order": _two_live,
    "1 no life after the end": _lives_on,
    "2 positions agree": _fill_lost,
    "3 nothing uncovered": _closed_leg_by_leg,
    "4 cents are conserved": _cent_lost,
    "4 orders tell their fills": _order_says_less,
    "6 unconfirmed is told": _hidden,
    "7 towards zero, never through": _closed_through_zero,
}


def test_books_as_they_should_be_break_nothing() -> None:
    ours, broker = _books()
    assert check_invariants(ours, broker) == ()
    assert check_ended(ours, broker, flat=False) == ()
    assert check_unchanged(ours, ours) == ()


@pytest.mark.parametrize("invariant", PLANTED)
def test_a_planted_fault_breaks_its_invariant(invariant: str) -> None:
    ours, broker = PLANTED[invariant](_books())
    assert invariant in {one.invariant for one in check_invariants(ours, broker)}


def test_a_fill_on_anothers_order_is_seen() -> None:
    ours, broker = _on_anothers_order(_books())
    assert any("another's" in one.words for one in check_invariants(ours, broker))


def test_what_is_unconfirmed_and_told_breaks_nothing() -> None:
    ours, broker = _hidden(_books())
    told = Alert(
        alert_type=AlertType.ORDER_UNCONFIRMED,
        subject="anna",
        message="unknown",
        session_date=SESSION_DATE,
        raised_at=NOON,
        follower_id="anna",
    )
    assert check_invariants(replace(ours, alerts=(told,)), broker) == ()


def test_a_combo_that_closes_both_legs_at_once_breaks_nothing() -> None:
    ours, broker = _with_closing(
        _books(),
        _execution("0002.0001.02.01", LONG.key, -5, "0.50", ref="SP-CLOSE"),
        _execution("0002.0001.03.01", SHORT.key, 5, "1.00", ref="SP-CLOSE"),
    )
    broken = {one.invariant[0] for one in check_invariants(ours, broker)}
    assert broken <= {"2", "4"}


def test_what_has_not_ended_is_told() -> None:
    ours, broker = _lives_on(_books())
    working = replace(ours.orders[0], state=OrderState.WORKING)
    ended = check_ended(replace(ours, orders=(working,)), broker, flat=True)
    assert len(ended) == 3


def test_another_leader_that_books_a_fill_is_no_no_op() -> None:
    ours, _ = _books()
    more = replace(ours.fills[0], exec_id=ExecId("0009.0001.02"))
    assert check_unchanged(ours, replace(ours, fills=(*ours.fills, more))) != ()
