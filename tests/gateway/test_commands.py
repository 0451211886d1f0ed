"""Commands: worked off once each, whoever leads, and refused in clear words."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from shared.adapters.firestore.codec import encode
from shared.domain.close_causes import CloseCause
from shared.domain.commands import Command, CommandId, CommandState, CommandVerb
from shared.domain.orders import OrderState
from shared.domain.reasons import Reason
from tests.afternoons import Afternoon, play
from tests.trading_worlds import new_york

NOON_AT = new_york(12, 0)


class Operated(Afternoon):
    """Noon, and an operator who asks."""

    def __init__(self, *names: str) -> None:
        super().__init__(*names, at=NOON_AT)
        self._asked = 0

    def ask(self, verb: CommandVerb, subject: str, *, expires_at: datetime | None = None) -> str:
        self._asked += 1
        command = Command(
            command_id=CommandId(f"01JDMZ9Q000000000000000{self._asked:03d}"),
            verb=verb,
            subject=subject,
            actor="olga",
            asked_at=self.clock.now(),
            expires_at=expires_at or self.clock.now() + timedelta(minutes=5),
        )
        self._write(f"commands/{command.command_id}", encode(command))
        self.command_bell.set()
        return command.command_id

    async def end_of(self, command_id: str) -> tuple[str, str]:
        """State and reason of a command."""
        snapshot = await self.documents.get(f"commands/{command_id}")
        assert snapshot is not None
        return str(snapshot.data["state"]), str(snapshot.data["reason"])

    async def settled(self, seconds: int = 3) -> None:
        await self.clock.run_to(self.clock.now() + timedelta(seconds=seconds))


def test_a_position_is_closed_by_hand_within_seconds_of_the_bell() -> None:
    async def story(world: Operated) -> None:
        await world.start()
        await world.run_to(12, 1, 12)
        command = world.ask(CommandVerb.CLOSE_POSITION, world.position("anna").position_id)
        await world.settled()
        assert (await world.end_of(command))[0] == CommandState.DONE
        assert world.closing("anna").close_cause is CloseCause.COMMAND
        assert world.position("anna").is_flat
        assert world.position("bert").open_quantity == 5

    play(lambda: Operated("anna", "bert"), story)


def test_without_a_bell_the_sweep_finds_it_within_half_a_minute() -> None:
    async def story(world: Operated) -> None:
        await world.start()
        world.ask(CommandVerb.CLOSE_FOLLOWER, "anna")
        world.command_bell.clear()
        await world.run_to(12, 0, 35)
        assert world.position("anna").is_flat

    play(lambda: Operated("anna"), story)


def test_a_repeated_wish_joins_the_closing_that_lives() -> None:
    async def story(world: Operated) -> None:
        world.brokers["anna"].fill_at_most = 0
        await world.start()
        first = world.ask(CommandVerb.CLOSE_FOLLOWER, "anna")
        await world.settled()
        second = world.ask(CommandVerb.CLOSE_POSITION, world.position("anna").position_id)
        await world.settled()
        assert await world.end_of(first) == await world.end_of(second) == (CommandState.DONE, "")
        assert len(world.closings) == 1
        assert len(world.books["anna"].orders) == 1

    play(lambda: Operated("anna"), story)


def test_a_working_closing_is_canceled_and_not_begun_again() -> None:
    async def story(world: Operated) -> None:
        world.brokers["anna"].fill_at_most = 0
        await world.start()
        world.ask(CommandVerb.CLOSE_FOLLOWER, "anna")
        await world.settled()
        cancel = world.ask(CommandVerb.CANCEL_ORDER, world.closing("anna").order_id)
        await world.settled(15)
        assert (await world.end_of(cancel))[0] == CommandState.DONE
        order = world.closing("anna")
        assert (order.state, order.reason) == (OrderState.CANCELED, Reason.CANCELED_BY_OPERATOR)
        await world.run_to(12, 5)
        assert len(world.closings) == 1
        await world.die()
        world.make_brokers()
        await world.lead("two")
        await world.run_to(12, 8)
        assert len(world.closings) == 1

    play(lambda: Operated("anna"), story)


@pytest.mark.parametrize(
    ("verb", "subject", "words"),
    [
        (CommandVerb.CANCEL_ORDER, "nothing", "no order nothing"),
        (CommandVerb.CLOSE_POSITION, "nothing", "no position nothing"),
        (CommandVerb.CLOSE_FOLLOWER, "zoe", "zoe"),
        (CommandVerb.HOLD, "login-zoe", "login-zoe"),
        (CommandVerb.RESTART, "gateway-7", "gateway-0"),
    ],
)
def test_an_unknown_subject_is_refused_by_name(verb: CommandVerb, subject: str, words: str) -> None:
    async def story(world: Operated) -> None:
        await world.start()
        command = world.ask(verb, subject)
        await world.settled()
        state, reason = await world.end_of(command)
        assert state == CommandState.REFUSED
        assert reason.startswith("subject: ")
        assert words in reason

    play(lambda: Operated("anna"), story)


def test_what_is_no_command_is_refused_and_holds_up_nothing() -> None:
    async def story(world: Operated) -> None:
        await world.start()
        world._write("commands/000", {"state": "asked", "verb": "explode", "subject": "anna"})
        world.ask(CommandVerb.CLOSE_FOLLOWER, "anna")
        await world.settled()
        state, reason = await world.end_of("000")
        assert state == CommandState.REFUSED
        assert "verb" in reason
        assert world.position("anna").is_flat

    play(lambda: Operated("anna"), story)


def test_what_comes_too_late_expires_and_is_not_done_later() -> None:
    async def story(world: Operated) -> None:
        await world.start()
        world.brokers["anna"].reachable = False
        world.brokers["anna"].drop()
        command = world.ask(
            CommandVerb.CLOSE_FOLLOWER, "anna", expires_at=NOON_AT + timedelta(seconds=90)
        )
        await world.run_to(12, 2)
        assert (await world.end_of(command))[0] == CommandState.EXPIRED
        world.brokers["anna"].reachable = True
        await asyncio.sleep(120)
        await world.run_to(12, 6)
        assert world.brokers["anna"].is_connected
        assert world.closings == []

    play(lambda: Operated("anna"), story)


def test_a_frozen_switch_refuses_to_close_and_a_halted_one_does_not() -> None:
    async def story(world: Operated) -> None:
        world.switch("frozen")
        await world.start()
        command = world.ask(CommandVerb.CLOSE_FOLLOWER, "anna")
        await world.settled()
        assert await world.end_of(command) == (
            CommandState.REFUSED,
            "the kill switch is frozen",
        )
        world.switch("halted")
        await asyncio.sleep(2)
        command = world.ask(CommandVerb.CLOSE_FOLLOWER, "anna")
        await world.settled()
        assert world.position("anna").is_flat

    play(lambda: Operated("anna"), story)


def test_a_restart_is_recorded_before_it_happens_and_happens_once() -> None:
    async def story(world: Operated) -> None:
        await world.start()
        command = world.ask(CommandVerb.RESTART, "gateway-0")
        await world.settled()
        assert world.restarted.is_set()
        assert (await world.end_of(command))[0] == CommandState.DONE
        world.restarted.clear()
        await world.run_to(12, 2)
        assert not world.restarted.is_set()

    play(lambda: Operated("anna"), story)


def test_another_shard_s_command_is_left_alone() -> None:
    async def story(world: Operated) -> None:
        await world.start()
        command = replace(
            Command(
                command_id=CommandId("01JDMZ9Q000000000000000999"),
                verb=CommandVerb.RESTART,
                subject="gateway-0",
                actor="olga",
                asked_at=NOON_AT,
                expires_at=NOON_AT + timedelta(minutes=1),
            ),
            shard=1,
        )
        world._write(f"commands/{command.command_id}", encode(command))
        await world.run_to(12, 3)
        assert (await world.end_of(command.command_id))[0] == CommandState.ASKED
        assert not world.restarted.is_set()

    play(lambda: Operated("anna"), story)


def test_a_hold_outlives_its_leader_until_it_is_released() -> None:
    async def story(world: Operated) -> None:
        await world.start()
        world.ask(CommandVerb.HOLD, "login-anna")
        await world.settled()
        assert not world.brokers["anna"].is_connected
        assert world.brokers["bert"].is_connected
        await world.die()
        world.make_brokers()
        await world.lead("two")
        await asyncio.sleep(300)
        assert world.brokers["anna"].connects == 0
        assert world.brokers["bert"].is_connected
        world.ask(CommandVerb.RELEASE, "login-anna")
        await world.settled()
        await asyncio.sleep(120)
        assert world.brokers["anna"].is_connected

    play(lambda: Operated("anna", "bert"), story)


def test_a_reconnect_hangs_up_and_connects_again() -> None:
    async def story(world: Operated) -> None:
        await world.start()
        command = world.ask(CommandVerb.RECONNECT, "login-anna")
        await world.settled()
        await asyncio.sleep(60)
        assert (await world.end_of(command))[0] == CommandState.DONE
        assert world.brokers["anna"].connects == 2
        assert world.brokers["anna"].is_connected

    play(lambda: Operated("anna"), story)
