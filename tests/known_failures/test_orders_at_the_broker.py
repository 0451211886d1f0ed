"""Known failures of placing orders: one login, the real client library."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from shared.domain.followers import AccountId
from shared.domain.options import ContractKey
from shared.domain.spreads import Leg, Side
from shared.ports.broker import (
    ExerciseRequest,
    OrderAcknowledged,
    OrderEndReported,
    OrderMessage,
)
from tests.contract.broker_stories import (
    ACCOUNT,
    CONTRACTS,
    LEGS,
    SHORT_KEY,
    an_order,
    at_limit,
    filled,
    of_type,
    placed,
)
from tests.contract.venues import SimulatorVenue
from tests.known_failures.login_stories import LOGIN_ID, arm, orders_at, tell

OTHER_ACCOUNT = AccountId("DU0000002")


def test_a_credit_spread_is_bought_at_a_negative_limit_and_brings_cash(tmp_path: Path) -> None:
    async def story(venue: SimulatorVenue) -> None:
        before = venue.simulator.logins[LOGIN_ID].accounts[ACCOUNT].cash
        await filled(venue)
        (order,) = orders_at(venue)
        assert (order.ticket.action, order.ticket.limit_price) == ("BUY", Decimal("-0.96"))
        legs = {(leg.contract.strike, leg.action, leg.ratio) for leg in order.contract.legs}
        assert legs == {(Decimal(585), "BUY", 1), (Decimal(590), "SELL", 1)}
        # Two spreads of 100 at 0.96, less four fees of 0.65.
        after = venue.simulator.logins[LOGIN_ID].accounts[ACCOUNT].cash
        assert after - before == Decimal("192.00") - Decimal("2.60")

    tell(tmp_path, story)


def test_an_order_goes_to_the_account_it_names_and_not_to_the_first_one(tmp_path: Path) -> None:
    async def story(venue: SimulatorVenue) -> None:
        assert venue.broker.accounts()[0] == ACCOUNT
        await placed(venue, an_order(venue.broker, account_id=OTHER_ACCOUNT))
        await placed(venue, an_order(venue.broker, "-0.96", account_id=OTHER_ACCOUNT, ref="SP-2"))
        await venue.advance(3)
        sweep = await venue.broker.sweep()
        assert [one.account_id for one in sweep.open_orders] == [OTHER_ACCOUNT]
        assert {account for account, _ in sweep.positions} == {OTHER_ACCOUNT}
        assert {one.account_id for one in sweep.executions} == {OTHER_ACCOUNT}

    tell(tmp_path, story)


def test_a_combo_is_guaranteed_so_that_no_leg_fills_alone(tmp_path: Path) -> None:
    async def story(venue: SimulatorVenue) -> None:
        await placed(venue, an_order(venue.broker))
        (order,) = orders_at(venue)
        assert order.ticket.smart_parameters == (("NonGuaranteed", "0"),)
        assert order.contract.sec_type == "BAG"

    tell(tmp_path, story)


def test_an_order_says_itself_that_it_is_for_the_day(tmp_path: Path) -> None:
    """So that the Gateway need not tell us (10349)."""

    async def story(venue: SimulatorVenue) -> None:
        await placed(venue, an_order(venue.broker))
        (order,) = orders_at(venue)
        assert order.ticket.tif == "DAY"

    tell(tmp_path, story)


def test_a_new_order_off_the_tick_is_told_although_the_library_waits_for_ever(
    tmp_path: Path,
) -> None:
    async def story(venue: SimulatorVenue) -> None:
        order = await placed(venue, an_order(venue.broker, "-0.995"))
        (message,) = of_type(venue, OrderMessage)
        assert (message.broker_order_id, message.code) == (order.ids.broker_order_id, 110)
        assert of_type(venue, OrderAcknowledged) == []
        assert of_type(venue, OrderEndReported) == []
        sweep = await venue.broker.sweep()
        assert (sweep.open_orders, sweep.executions) == ((), ())

    tell(tmp_path, story)


def test_two_combos_of_one_login_are_never_taken_for_each_other(tmp_path: Path) -> None:
    """The library holds any two combos of the server for equal: both have the id 28812380."""

    async def story(venue: SimulatorVenue) -> None:
        turned = tuple(
            Leg(contract=leg.contract, side=Side.SELL if leg.side is Side.BUY else Side.BUY)
            for leg in LEGS
        )
        one = await placed(venue, an_order(venue.broker, "-1.20", ref="SP-1"))
        other = replace(an_order(venue.broker, "0.80", ref="SP-2"), legs=turned)
        await placed(venue, other)
        await placed(venue, at_limit(one, "-1.19"))
        await placed(venue, replace(other, limit=Decimal("0.81")))
        orders = orders_at(venue)
        shown = {
            order.ticket.order_ref: (
                order.ticket.limit_price,
                [leg.action for leg in order.contract.legs],
            )
            for order in orders
        }
        assert shown == {
            "SP-1": (Decimal("-1.19"), ["BUY", "SELL"]),
            "SP-2": (Decimal("0.81"), ["SELL", "BUY"]),
        }
        assert of_type(venue, OrderMessage) == []

    tell(tmp_path, story)


def test_exercise_says_how_many_and_does_not_say_lapse(tmp_path: Path) -> None:
    """The API takes action, then quantity: two in the place of the action would mean lapse."""

    async def story(venue: SimulatorVenue) -> None:
        await filled(venue)
        long = CONTRACTS[0]
        venue.broker.exercise(ExerciseRequest(account_id=ACCOUNT, contract=long, quantity=2))
        await venue.settle()
        held = (await venue.broker.sweep()).positions
        assert held == {(ACCOUNT, SHORT_KEY): -2, (ACCOUNT, ContractKey("QQQ")): -200}

    tell(tmp_path, story)


def test_an_order_whose_acknowledgement_is_lost_is_among_the_open_orders(tmp_path: Path) -> None:
    async def story(venue: SimulatorVenue) -> None:
        arm(venue, "ack-lost")
        order = await placed(venue, an_order(venue.broker))
        assert of_type(venue, OrderAcknowledged) == []
        (found,) = (await venue.broker.sweep()).open_orders
        assert (found.order_ref, found.broker_order_id) == (
            "SP-ONE",
            order.ids.broker_order_id,
        )

    tell(tmp_path, story)


def test_the_same_order_sent_twice_is_one_order_at_the_broker(tmp_path: Path) -> None:
    """Sending an order again under its own id changes it; a new id would double it."""

    async def story(venue: SimulatorVenue) -> None:
        arm(venue, "ack-lost")
        order = await placed(venue, an_order(venue.broker))
        await placed(venue, order)
        await placed(venue, order)
        assert len(orders_at(venue)) == len((await venue.broker.sweep()).open_orders) == 1

    tell(tmp_path, story)


def test_two_orders_of_one_reference_are_both_seen(tmp_path: Path) -> None:
    async def story(venue: SimulatorVenue) -> None:
        arm(venue, "two-broker-orders")
        await placed(venue, an_order(venue.broker))
        found = (await venue.broker.sweep()).open_orders
        assert [one.order_ref for one in found] == ["SP-ONE", "SP-ONE"]
        assert len({one.perm_id for one in found}) == 2

    tell(tmp_path, story)


def test_ids_that_a_restore_took_back_are_not_used_again(tmp_path: Path) -> None:
    """The Gateway keeps the next order id in its settings, which a restore takes back."""

    async def story(venue: SimulatorVenue) -> None:
        order = await placed(venue, an_order(venue.broker))
        arm(venue, "id-rollback")
        await venue.settle()
        await venue.broker.disconnect()
        await venue.broker.connect()
        await venue.settle()
        taken = order.ids.broker_order_id
        again = replace(an_order(venue.broker, ref="SP-TWO"), ids=replace(order.ids, order_ref="X"))
        await placed(venue, again)
        assert {one.order_id for one in orders_at(venue)} == {taken}
        assert of_type(venue, OrderMessage)[-1].code in {103, 105}

    tell(tmp_path, story)
