"""The broker's statement against our fills: fees, corrections, missing fills, and the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

import pytest

from shared.domain.broker_statement import (
    OptionEvent,
    StatementPosition,
    StatementTrade,
    TradeLevel,
)
from shared.domain.external_trades import ExternalTrade, external_trade
from shared.domain.fills import COMBO_KEY, Fill
from shared.domain.followers import AccountId
from shared.domain.orders import BrokerIds, Order
from shared.domain.spreads import Side
from shared.domain.statement_match import StatementMatch, match_statement
from shared.domain.statement_mismatch import MismatchKind
from tests.builders import NOON, SESSION_DATE, a_combo_fill
from tests.statements_of_broker import (
    ACCOUNT,
    BUYING,
    LONG_LEG,
    ORDER,
    ORDER_REF,
    ORDERS,
    SELLING,
    SHORT_LEG,
    SPREAD_HELD,
    STOCK,
    a_cancellation,
    a_statement,
    a_trade,
    held,
    leg_fills,
    leg_trades,
)

FOREIGN = "0000e111.6ab9e92d.01"


def match(
    fills: Sequence[Fill],
    trades: Sequence[StatementTrade],
    positions: Sequence[StatementPosition] = SPREAD_HELD,
    *,
    events: Sequence[OptionEvent] = (),
    orders: Mapping[str, Order] = ORDERS,
    tagged: Sequence[ExternalTrade] = (),
) -> StatementMatch:
    return match_statement(
        fills,
        a_statement(trades, positions, events=events),
        session_date=SESSION_DATE,
        order_of_ref=orders,
        external_trades=tagged,
    )


def kinds(found: StatementMatch) -> list[MismatchKind]:
    return [one.kind for one in found.mismatches]


def tagged(quantity: int = 2, exec_id: str = FOREIGN, revision: str = "01") -> ExternalTrade:
    return external_trade(
        broker_exec_id=f"{exec_id}.{revision}",
        account_id=ACCOUNT,
        session_date=SESSION_DATE,
        contract_key=LONG_LEG.key,
        side=Side.BUY,
        quantity=quantity,
        price=Decimal("1.20"),
        perm_id=55,
        at=NOON,
    )


def a_foreign_trade(quantity: str = "2", *, order_ref: str = "") -> StatementTrade:
    return a_trade(
        FOREIGN, quantity=quantity, price="1.20", order_ref=order_ref, broker_order_id="1"
    )


def test_books_that_agree_change_nothing() -> None:
    assert match(leg_fills(), leg_trades()) == StatementMatch()


@pytest.mark.parametrize("fee", [None, "3.00"], ids=["not known", "another"])
def test_a_fee_that_was_unknown_or_differs_is_corrected(fee: str | None) -> None:
    found = match(leg_fills(fee=fee), leg_trades())
    assert found.fee_corrections == leg_fills(fee="3.25")
    assert found.fills == found.fee_corrections
    assert not found.mismatches


def test_a_fee_that_is_paid_back_is_negative() -> None:
    # IBKR pays some executions: a commission of +0.11 is a fee of -0.11.
    buying, selling = leg_trades()
    found = match(leg_fills(), [replace(buying, fee=Decimal("-0.11")), selling])
    assert [fill.fee for fill in found.fee_corrections] == [Decimal("-0.11")]


def test_the_combos_own_fill_needs_no_broker_row_and_bears_no_fee() -> None:
    combo = a_combo_fill(5, "-0.85", exec_id="00020057.69b23d39.01")
    row = replace(a_trade("00020057.69b23d39.01", fee="9"), contract_key=COMBO_KEY, contract=None)
    assert match([combo, *leg_fills()], leg_trades()) == StatementMatch()
    assert match([combo, *leg_fills()], [row, *leg_trades()]) == StatementMatch()


def test_rows_of_the_order_are_not_counted_beside_its_executions() -> None:
    rows = [replace(one, level=TradeLevel.SUMMARY, broker_exec_id="") for one in leg_trades()]
    assert match(leg_fills(), [*rows, *leg_trades()]) == StatementMatch()


def test_a_corrected_execution_corrects_quantity_price_fee_and_revision() -> None:
    buying, selling = leg_trades()
    corrected = replace(
        buying,
        broker_exec_id=f"{BUYING}.02",
        quantity=Decimal(4),
        price=Decimal("1.12"),
        fee=Decimal("-0.65"),
    )
    positions = [held(LONG_LEG.key, "4"), held(SHORT_LEG.key, "-5")]
    found = match(leg_fills(), [buying, a_cancellation(buying), corrected, selling], positions)
    # fee: 3.25 charged, 0.65 paid back
    assert found.corrections == (
        replace(
            leg_fills()[0],
            quantity=4,
            price=Decimal("1.12"),
            fee=Decimal("2.60"),
            revision="02",
        ),
    )
    assert not found.mismatches
    assert not found.fee_corrections


def test_an_execution_that_was_taken_back_has_quantity_none() -> None:
    buying, selling = leg_trades()
    trades = [buying, a_cancellation(buying, fee="-3.25"), selling]
    found = match(leg_fills(), trades, [held(SHORT_LEG.key, "-5")])
    (taken,) = found.corrections
    assert (taken.quantity, taken.fee, taken.revision) == (0, Decimal(0), "02")
    assert taken.price == Decimal("1.10")
    assert not found.mismatches
    again = match([taken, leg_fills()[1]], trades, [held(SHORT_LEG.key, "-5")])
    assert not again.has_changes


def test_a_statement_older_than_our_correction_is_a_mismatch() -> None:
    buying, selling = leg_fills()
    newer = replace(buying, quantity=4, revision="02")
    positions = [held(LONG_LEG.key, "4"), held(SHORT_LEG.key, "-5")]
    found = match([newer, selling], leg_trades(), positions)
    assert kinds(found) == [MismatchKind.TRADE_DIFFERS]
    assert "an older version than our 02" in found.mismatches[0].words
    assert not found.has_changes


def test_an_execution_of_another_side_is_a_mismatch() -> None:
    buying, selling = leg_trades()
    found = match(leg_fills(), [replace(buying, side=Side.SELL), selling])
    assert kinds(found) == [MismatchKind.TRADE_DIFFERS]
    assert not found.has_changes


def test_a_missing_fill_is_found_by_our_reference() -> None:
    found = match([], leg_trades())
    assert found.missing == leg_fills()
    assert not found.mismatches


def test_a_missing_leg_is_found_by_the_combo_where_references_are_not_told() -> None:
    combo = replace(a_combo_fill(5, "-0.85", exec_id="00020057.69b23d39.01"), order_ref=ORDER_REF)
    trades = [replace(one, order_ref="", broker_order_id="") for one in leg_trades()]
    assert match([combo], trades, orders={}).missing == leg_fills()


def test_a_missing_fill_is_found_by_the_brokers_order_id_of_another() -> None:
    trades = [
        replace(leg_trades()[0], order_ref=""),
        a_trade(
            "0002beef.69b23d39.03",
            Side.SELL,
            price="1.95",
            contract=SHORT_LEG,
            order_ref="",
        ),
    ]
    (missing,) = match(leg_fills()[:1], trades, orders={}).missing
    assert missing.order_id == ORDER.order_id
    assert missing.order_ref == ORDER_REF


def test_a_missing_fill_is_found_by_the_permanent_id_at_last() -> None:
    trades = [replace(one, order_ref="", broker_order_id="901") for one in leg_trades()]
    assert match([], trades).missing == leg_fills()


def test_what_an_earlier_broker_order_filled_is_ours() -> None:
    earlier = BrokerIds(order_ref="SP-EARLIER", client_id=7, broker_order_id=9, perm_id=900)
    order = replace(ORDER, earlier_brokers=(earlier,))
    trades = [replace(one, order_ref="SP-EARLIER") for one in leg_trades()]
    found = match([], trades, orders={ORDER_REF: order, "SP-EARLIER": order})
    assert {fill.order_ref for fill in found.missing} == {"SP-EARLIER"}


def test_a_missing_fill_that_its_order_does_not_trade_is_a_mismatch() -> None:
    wrong = a_trade("0002beef.69b23d39.03", Side.SELL, contract=LONG_LEG, quantity="1")
    found = match(leg_fills(), [*leg_trades(), wrong])
    assert kinds(found) == [MismatchKind.TRADE_UNEXPLAINED]
    assert f"points to order {ORDER.order_id}" in found.mismatches[0].words
    assert not found.missing


def test_a_missing_execution_that_was_taken_back_at_no_cost_is_nothing() -> None:
    extra = a_trade("0002beef.69b23d39.02", quantity="1", fee="0.65")
    trades = [*leg_trades(), extra, a_cancellation(extra, fee="-0.65")]
    assert match(leg_fills(), trades) == StatementMatch()


def test_a_reference_like_ours_that_no_order_has_is_a_mismatch() -> None:
    found = match([], [a_trade(order_ref="SP-NOBODY")], (), orders={})
    assert kinds(found) == [MismatchKind.TRADE_UNEXPLAINED]
    assert found.mismatches[0].follower_id is None
    assert "leads to no order of ours" in found.mismatches[0].words


def test_a_tagged_trade_of_others_is_fine() -> None:
    positions = [held(LONG_LEG.key, "7"), held(SHORT_LEG.key, "-5")]
    trades = [*leg_trades(), a_foreign_trade()]
    assert match(leg_fills(), trades, positions, tagged=[tagged()]) == StatementMatch()


def test_an_untagged_trade_of_others_is_given_to_be_tagged() -> None:
    positions = [held(LONG_LEG.key, "7"), held(SHORT_LEG.key, "-5")]
    found = match(leg_fills(), [*leg_trades(), a_foreign_trade()], positions)
    assert found == StatementMatch(external=(replace(tagged(), perm_id=0),))


def test_a_correction_of_a_tagged_trade_is_given_to_be_tagged() -> None:
    first = a_foreign_trade()
    second = replace(first, broker_exec_id=f"{FOREIGN}.02", quantity=Decimal(1))
    trades = [*leg_trades(), first, a_cancellation(first), second]
    positions = [held(LONG_LEG.key, "6"), held(SHORT_LEG.key, "-5")]
    found = match(leg_fills(), trades, positions, tagged=[tagged()])
    assert found == StatementMatch(external=(tagged(1, revision="02"),))


def test_a_tagged_trade_that_carries_our_reference_is_a_mismatch() -> None:
    trades = [*leg_trades(), a_foreign_trade(order_ref=ORDER_REF)]
    positions = [held(LONG_LEG.key, "7"), held(SHORT_LEG.key, "-5")]
    found = match(leg_fills(), trades, positions, tagged=[tagged()])
    assert kinds(found) == [MismatchKind.TRADE_UNEXPLAINED]
    assert "remove the tag" in found.mismatches[0].words


def test_where_no_references_are_told_what_an_order_of_ours_trades_too_is_a_mismatch() -> None:
    trades = [replace(one, order_ref="") for one in (*leg_trades(), a_foreign_trade())]
    positions = [held(LONG_LEG.key, "7"), held(SHORT_LEG.key, "-5")]
    found = match(leg_fills(), trades, positions)
    assert kinds(found) == [MismatchKind.TRADE_UNEXPLAINED, MismatchKind.POSITION]


def test_what_others_do_in_contracts_that_we_do_not_trade_is_no_concern_of_ours() -> None:
    apple = replace(a_foreign_trade("0.5"), contract_key=replace(LONG_LEG, symbol="AAPL").key)
    positions = [*SPREAD_HELD, held(apple.contract_key, "0.5")]
    assert match(leg_fills(), [*leg_trades(), apple], positions) == StatementMatch()


def test_a_fraction_of_a_share_of_the_underlying_is_a_mismatch() -> None:
    share = a_trade(FOREIGN, quantity="0.5", contract=None, order_ref="", broker_order_id="1")
    found = match(leg_fills(), [*leg_trades(), share])
    assert kinds(found) == [MismatchKind.TRADE_UNEXPLAINED]


def test_a_fill_that_the_broker_does_not_have_is_a_mismatch() -> None:
    found = match(leg_fills(), leg_trades()[:1], [held(LONG_LEG.key, "5")])
    assert kinds(found) == [MismatchKind.FILL_UNKNOWN, MismatchKind.POSITION]
    assert f"our fill {SELLING} (SELL 5" in found.mismatches[0].words
    assert {(one.account_id, one.follower_id) for one in found.mismatches} == {(ACCOUNT, "anna")}


def test_fills_of_other_sessions_are_not_asked_for() -> None:
    carried = [replace(fill, session_date="2026-11-25") for fill in leg_fills()]
    assert match(carried, []) == StatementMatch()


def test_an_account_without_a_statement_is_a_mismatch() -> None:
    found = match_statement(
        leg_fills(),
        a_statement(account_id=AccountId("DU2")),
        session_date=SESSION_DATE,
        order_of_ref=ORDERS,
        external_trades=[],
    )
    assert kinds(found) == [MismatchKind.ACCOUNT_MISSING]
    assert "add it to the Flex query" in found.mismatches[0].words


def test_a_cancellation_of_an_earlier_day_is_a_mismatch() -> None:
    stray = a_cancellation(a_trade(trade_id="of-yesterday"))
    found = match(leg_fills(), [*leg_trades(), stray])
    assert kinds(found) == [MismatchKind.TRADE_UNEXPLAINED]
    assert "match the statement of that day again" in found.mismatches[0].words


def test_a_correction_of_an_earlier_day_has_but_a_part_of_its_fee_and_is_not_booked() -> None:
    carried = [replace(fill, session_date="2026-11-25") for fill in leg_fills()]
    first = a_trade(trade_id="of-yesterday")
    corrected = replace(
        first, broker_exec_id=f"{BUYING}.02", quantity=Decimal(4), fee=Decimal("-0.65")
    )
    for known in (carried, ()):
        found = match(known, [a_cancellation(first), corrected])
        assert not found.has_changes
        assert MismatchKind.TRADE_UNEXPLAINED in kinds(found)


def test_a_position_that_differs_is_a_mismatch_with_both_figures() -> None:
    found = match(leg_fills(), leg_trades(), [held(LONG_LEG.key, "5"), held(SHORT_LEG.key, "-4")])
    (one,) = found.mismatches
    assert one.kind is MismatchKind.POSITION
    assert one.contract_key == SHORT_LEG.key
    assert "the broker holds -4" in one.words
    assert "our books -5" in one.words


def test_shares_that_others_hold_are_in_nobodys_way() -> None:
    assert match(leg_fills(), leg_trades(), [*SPREAD_HELD, held(STOCK, "300")]) == StatementMatch()
