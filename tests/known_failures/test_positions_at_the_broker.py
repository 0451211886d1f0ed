"""Known failures of watching, closing and clearing up positions: sessions at the simulator."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from gateway.broker.ibkr_broker import IbkrBroker
from shared.adapters.firestore.codec import encode
from shared.domain.alerts import AlertType
from shared.domain.commands import Command, CommandId, CommandState, CommandVerb
from shared.domain.followers import Login, LoginId
from shared.domain.spreads import Leg, Side
from tests.builders import a_spread
from tests.contract.broker_stories import CONTRACTS, an_order
from tests.known_failures.simulated_worlds import CLIENT_ID, RISING, Shown, SimulatedWorld, play

LONG, SHORT = "QQQ   261127P00585000", "QQQ   261127P00590000"
SAFE = (*RISING, Shown(at=(9, 45, 0), strike=None, bid="600.00", ask="600.02"))
"""QQQ far above the short put."""
DECAYED = (
    *SAFE,
    Shown(at=(10, 2, 30), strike=585, bid="0.01", ask="0.02"),
    Shown(at=(10, 2, 30), strike=590, bid="0.04", ask="0.06"),
)
HEDGE_DECAYED = (*SAFE, Shown(at=(10, 2, 30), strike=585, bid="0.01", ask="0.02"))
MANUAL_CLIENT = 99


def ask(world: SimulatedWorld, verb: CommandVerb, subject: str, number: int = 1) -> str:
    """Ask as the admin API does; gives the command's path."""
    command = Command(
        command_id=CommandId(f"01JDMZ9Q000000000000000{number:03d}"),
        verb=verb,
        subject=subject,
        actor="olga",
        asked_at=world.clock.now(),
        expires_at=world.clock.now() + timedelta(minutes=5),
    )
    world.write(f"commands/{command.command_id}", encode(command))
    world.command_bell.set()
    return f"commands/{command.command_id}"


async def trader(world: SimulatedWorld, name: str) -> IbkrBroker:
    """The follower himself at his own login, on another platform."""
    login = Login(
        login_id=LoginId(f"login-{name}"),
        host="127.0.0.1",
        port=world.simulator.ports[f"login-{name}"],
        client_id=MANUAL_CLIENT,
    )
    by_hand = IbkrBroker(login, now=world.clock.now)
    world.ibkr["by hand"] = by_hand
    await by_hand.connect()
    await by_hand.resolve("QQQ", CONTRACTS)
    return by_hand


async def keep_ticking(world: SimulatedWorld, name: str) -> None:
    """While somebody's order rests, the simulator's feed ticks each second, as a real one does."""
    resting = await trader(world, name)
    account_id = world.follower(name).account_id
    resting.place(an_order(resting, "-4.00", client_id=MANUAL_CLIENT, account_id=account_id))


def assert_closed_as_spreads(world: SimulatedWorld, name: str) -> None:
    assert world.held(name) == {}
    assert {order.contract.sec_type for order in world.at_broker(name)} == {"BAG"}


def test_a_spread_without_time_value_is_closed_as_a_pair() -> None:
    """An earlier system sold each leg alone: the hedge first, leaving a naked short option."""

    async def story(world: SimulatedWorld) -> None:
        await world.lead()
        await world.run_to(9, 31)
        await world.leap_to(10, 2, 10)
        await world.run_to(10, 2, 20)
        assert world.held("anna") == {LONG: 5, SHORT: -5}
        await keep_ticking(world, "bert")
        await world.run_to(10, 5)
        for name in world.names:
            assert_closed_as_spreads(world, name)

    play(lambda: SimulatedWorld("anna", "bert", market=DECAYED), story)


def test_a_hedge_without_time_value_is_not_sold() -> None:
    async def story(world: SimulatedWorld) -> None:
        await world.lead()
        await world.run_to(9, 31)
        await world.leap_to(10, 2, 10)
        await world.run_to(10, 2, 20)
        await keep_ticking(world, "anna")
        await world.run_to(10, 5)
        assert world.held("anna") == {LONG: 5, SHORT: -5}
        assert len([one for one in world.at_broker("anna") if one.client_id == CLIENT_ID]) == 1

    play(lambda: SimulatedWorld("anna", market=HEDGE_DECAYED), story)


def test_a_close_that_is_asked_by_hand_is_done_for_that_follower_alone() -> None:
    """An earlier system never consumed them, and reported success before anything filled."""

    async def story(world: SimulatedWorld) -> None:
        await world.lead()
        await world.run_to(9, 31)
        await world.leap_to(9, 59, 55)
        await world.run_to(10, 0, 5)
        path = ask(world, CommandVerb.CLOSE_FOLLOWER, "anna")
        await world.run_to(10, 2)
        assert_closed_as_spreads(world, "anna")
        assert world.held("bert") == {LONG: 5, SHORT: -5}
        snapshot = await world.documents.get(path)
        assert snapshot is not None
        assert snapshot.data["state"] == CommandState.DONE

    play(lambda: SimulatedWorld("anna", "bert", market=SAFE), story)


def test_closing_all_closes_everybody_and_no_follower_is_called_all() -> None:
    async def story(world: SimulatedWorld) -> None:
        await world.lead()
        await world.run_to(9, 31)
        await world.leap_to(9, 59, 55)
        await world.run_to(10, 0, 5)
        path = ask(world, CommandVerb.CLOSE_FOLLOWER, "all")
        await world.run_to(10, 1)
        snapshot = await world.documents.get(path)
        assert snapshot is not None
        assert snapshot.data["state"] == CommandState.REFUSED
        assert world.held("anna") == {LONG: 5, SHORT: -5}
        world.switch("flatten")
        await asyncio.sleep(3)
        await world.run_to(10, 4)
        for name in world.names:
            assert_closed_as_spreads(world, name)

    play(lambda: SimulatedWorld("anna", "bert", market=SAFE), story)


def test_a_short_leg_that_the_follower_bought_back_is_no_assignment() -> None:
    """An earlier system then exercised the hedges that remained, again every minute."""

    async def story(world: SimulatedWorld) -> None:
        await world.lead()
        await world.run_to(9, 31)
        await world.leap_to(9, 59, 55)
        await world.run_to(10, 0, 5)
        by_hand = await trader(world, "anna")
        (short,) = [leg for leg in a_spread().opening_legs if leg.side is Side.SELL]
        bought = replace(
            an_order(by_hand, "2.08", ref="", client_id=MANUAL_CLIENT, quantity=5),
            legs=(Leg(contract=short.contract, side=Side.BUY),),
            account_id=world.follower("anna").account_id,
        )
        by_hand.place(bought)
        await world.run_to(10, 15)
        assert world.held("anna") == {LONG: 5}
        ours = [order for order in world.at_broker("anna") if order.client_id == CLIENT_ID]
        assert len(ours) == 1

    play(lambda: SimulatedWorld("anna", market=SAFE), story)


def test_an_assignment_without_any_event_is_found_and_cleared_up() -> None:
    """No event tells of it: stock is there, the short options are gone."""

    async def story(world: SimulatedWorld) -> None:
        await world.lead()
        await world.run_to(9, 31)
        await world.leap_to(9, 59, 55)
        await world.run_to(10, 0, 5)
        world.arm("assignment", "anna")
        await world.run_to(10, 1)
        await asyncio.sleep(15)
        await world.run_to(10, 30)
        assert AlertType.ASSIGNMENT_DETECTED in {kind for kind, _ in world.pager.told}
        held = world.held("anna")
        assert held.get("QQQ", 0) == 0
        assert held.get(SHORT, 0) == 0
        assert 0 <= held.get(LONG, 0) <= 5
        assert all(order.filled <= 500 for order in world.at_broker("anna"))

    dear = (*RISING, Shown(at=(9, 45, 0), strike=None, bid="589.00", ask="589.02"))
    play(lambda: SimulatedWorld("anna", market=dear, cash="400000"), story)


def test_fees_and_cash_agree_with_the_brokers_to_the_cent() -> None:
    """What IBKR calls average cost includes multiplier and fees, and never enters."""

    async def story(world: SimulatedWorld) -> None:
        await world.lead()
        await world.run_to(9, 31)
        fills = world.desk.fills_of(world.order("anna").order_id)
        legs = [fill for fill in fills if fill.contract_key in {one.key for one in CONTRACTS}]
        paid = sum((one.signed_quantity * one.price * 100 for one in legs), Decimal(0))
        fees = sum((one.fee or Decimal(0) for one in legs), Decimal(0))
        account = world.simulator.logins["login-anna"].accounts["DU-anna"]
        assert account.cash == Decimal(100000) - paid - fees

    play(lambda: SimulatedWorld("anna", market=RISING), story)
