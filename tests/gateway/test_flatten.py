"""The kill switch's flatten: everything is closed as spreads, and proved by the broker's books."""

from __future__ import annotations

import asyncio

from shared.domain.alerts import AlertType
from shared.domain.close_causes import CloseCause
from shared.domain.orders import OrderState
from tests.afternoons import Afternoon, play
from tests.trading_worlds import new_york

NOON_AT = new_york(12, 0)


class Noon(Afternoon):
    """Long before the end of the day, nothing in danger."""

    def __init__(self, *names: str) -> None:
        super().__init__(*names, at=NOON_AT)

    async def turn(self, mode: str) -> None:
        """Turn the switch and let the machine's clock pass until it is seen."""
        self.switch(mode)
        await asyncio.sleep(2)
        await self.clock.run_to(self.clock.now())

    @property
    def told(self) -> list[AlertType]:
        return [told for told, _ in self.pager.told]


def test_everything_is_closed_as_spreads_and_the_proof_is_told() -> None:
    async def story(world: Noon) -> None:
        await world.start()
        await world.run_to(12, 1, 10)
        await world.turn("flatten")
        await world.run_to(12, 1, 20)
        await asyncio.sleep(2)
        for name in ("anna", "bert"):
            assert world.sent(name) == ["1.00"]
            assert len(world.books[name].sent[0].legs) == 2
            assert world.closing(name).close_cause is CloseCause.FLATTEN
            assert world.at_broker(name) == [0, 0]
        assert world.told == [AlertType.FLATTENED]
        await world.run_to(12, 10)
        await asyncio.sleep(2)
        assert world.told == [AlertType.FLATTENED]
        assert len(world.closings) == 2

    play(lambda: Noon("anna", "bert"), story)


def test_halted_and_close_only_close_nothing_by_themselves() -> None:
    async def story(world: Noon) -> None:
        await world.start()
        for mode in ("halted", "close_only", "frozen"):
            await world.turn(mode)
            await world.run_to(12, 5)
        assert (world.closings, world.told) == ([], [])

    play(lambda: Noon("anna"), story)


def test_what_is_not_flat_in_time_is_paged_and_tried_on() -> None:
    async def story(world: Noon) -> None:
        world.brokers["bert"].fill_at_most = 0
        await world.start()
        await world.turn("flatten")
        await world.run_to(12, 4, 59)
        await asyncio.sleep(2)
        assert AlertType.FLATTEN_FAILED not in world.told
        await world.run_to(12, 5, 1)
        await asyncio.sleep(2)
        assert AlertType.FLATTEN_FAILED in world.told
        (alert,) = [
            one for one in world.pager.alerts.values() if one.alert_type is AlertType.FLATTEN_FAILED
        ]
        assert "bert (5)" in alert.message
        assert "anna (" not in alert.message
        world.brokers["bert"].fill_at_most = 5
        await world.run_to(12, 5, 10)
        await asyncio.sleep(2)
        await world.run_to(12, 6)
        await asyncio.sleep(2)
        assert world.position("bert").is_flat
        assert world.told[-1] is AlertType.FLATTENED

    play(lambda: Noon("anna", "bert"), story)


def test_books_that_show_more_than_ours_are_not_called_flat() -> None:
    async def story(world: Noon) -> None:
        account = world.follower("anna").account_id
        await world.start()
        world.books["anna"].positions[account, world.spread.long_contract.key] = 7
        await world.turn("flatten")
        await world.run_to(12, 6)
        await asyncio.sleep(2)
        assert world.position("anna").is_flat
        assert AlertType.FLATTENED not in world.told
        (alert,) = [
            one for one in world.pager.alerts.values() if one.alert_type is AlertType.FLATTEN_FAILED
        ]
        assert "holds 2" in alert.message

    play(lambda: Noon("anna"), story)


def test_a_login_that_cannot_be_read_is_not_called_flat() -> None:
    async def story(world: Noon) -> None:
        await world.start()
        world.brokers["bert"].reachable = False
        world.brokers["bert"].drop()
        await world.turn("flatten")
        await world.run_to(12, 6)
        await asyncio.sleep(2)
        assert world.position("anna").is_flat
        assert AlertType.FLATTENED not in world.told
        assert {AlertType.FLATTEN_FAILED, AlertType.CLOSE_FAILED} <= set(world.told)

    play(lambda: Noon("anna", "bert"), story)


def test_a_switch_turned_back_stops_planning_and_a_second_flatten_begins_anew() -> None:
    async def story(world: Noon) -> None:
        world.brokers["anna"].fill_at_most = 0
        await world.start()
        await world.turn("flatten")
        await world.run_to(12, 1)
        await world.turn("frozen")
        await world.run_to(12, 2)
        assert [order.state for order in world.closings] == [OrderState.CANCELED]
        await world.turn("flatten")
        world.brokers["anna"].fill_at_most = 5
        await world.run_to(12, 3, 30)
        await asyncio.sleep(2)
        assert world.position("anna").is_flat
        assert world.told[-1] is AlertType.FLATTENED

    play(lambda: Noon("anna"), story)


def test_a_switch_turned_back_in_time_leaves_open_what_was_not_begun() -> None:
    async def story(world: Noon) -> None:
        await world.start()
        world.brokers["anna"].reachable = False
        world.brokers["anna"].drop()
        await world.turn("flatten")
        await world.run_to(12, 0, 10)
        assert world.closings == []
        await world.turn("normal")
        world.brokers["anna"].reachable = True
        await asyncio.sleep(120)
        await world.run_to(12, 5)
        assert world.brokers["anna"].is_connected
        assert world.closings == []

    play(lambda: Noon("anna"), story)
