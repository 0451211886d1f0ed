"""`IbkrBroker` where the IB Gateway misbehaves: every wait ends, every failure is told as one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from gateway.broker.ibkr_broker import IbkrBroker
from gateway.broker.ibkr_requests import BrokerRefusal, Timeouts
from gateway.logins.login_session import LoginSession, Surroundings
from gateway.logins.write_gate import WriteGate, WriteRules
from shared.domain.controls import TradingMode
from shared.domain.errors import AdapterError
from shared.domain.followers import Login, LoginId
from tests.contract.broker_stories import ACCOUNT, CONTRACTS, LONG_KEY, filled, placed
from tests.contract.broker_stories import an_order as a_combo
from tests.contract.venues import CLIENT_ID, SimulatorVenue, simulator_venue

QUICK = Timeouts(connect_seconds=0.5, request_seconds=0.3, heartbeat_seconds=0.3)
RULES = WriteRules(lease_stands=lambda: True, mode=lambda: TradingMode.NORMAL)
Story = Callable[[SimulatorVenue, IbkrBroker], Awaitable[None]]


def at_simulator(tmp_path: Path, story: Story) -> None:
    async def play() -> None:
        async with simulator_venue(tmp_path) as venue:
            port = venue.simulator.ports["login-1"]
            login = Login(
                login_id=LoginId("login-1"), host="127.0.0.1", port=port, client_id=CLIENT_ID
            )
            broker = IbkrBroker(login, now=venue.clock.now, timeouts=QUICK)
            venue.brokers.append(broker)
            venue.broker = broker
            broker.listen(lambda _, event: venue.events.append(event))
            await story(venue, broker)

    asyncio.run(play())


def arm(venue: SimulatorVenue, name: str, **parameters: str | int) -> int:
    armed = venue.simulator.arm_fault({"name": name, "parameters": dict(parameters)})
    assert isinstance(armed, dict)
    fault_id = armed["id"]
    assert isinstance(fault_id, int)
    return fault_id


def test_a_socket_that_never_answers_is_given_up_in_time(tmp_path: Path) -> None:
    async def story(venue: SimulatorVenue, broker: IbkrBroker) -> None:
        fault = arm(venue, "silent-socket", seconds=0)
        with pytest.raises(AdapterError, match="login-1"):
            await broker.connect()
        assert not broker.is_connected
        venue.simulator.faults.remove(fault)
        await broker.connect()
        assert broker.accounts()[0] == ACCOUNT

    at_simulator(tmp_path, story)


def test_a_connection_that_falls_silent_is_found_out_by_a_heartbeat_and_made_anew(
    tmp_path: Path,
) -> None:
    async def story(venue: SimulatorVenue, broker: IbkrBroker) -> None:
        gate = WriteGate(broker, RULES)
        session = LoginSession(gate, None, Surroundings())
        await session.attempt()
        assert session.is_ready
        arm(venue, "silent-connection")
        assert broker.is_connected
        with pytest.raises(AdapterError):
            await gate.heartbeat()
        await gate.disconnect()
        await session.attempt()
        assert session.is_ready
        await gate.heartbeat()

    at_simulator(tmp_path, story)


@pytest.mark.parametrize(
    "kind", ["openOrderEnd", "completedOrdersEnd", "execDetailsEnd", "positionEnd"]
)
def test_books_without_their_end_are_no_books(tmp_path: Path, kind: str) -> None:
    async def story(venue: SimulatorVenue, broker: IbkrBroker) -> None:
        await broker.connect()
        arm(venue, "missing-terminator", kind=kind)
        with pytest.raises(AdapterError, match="did not answer"):
            await broker.sweep()
        assert (await broker.sweep()).open_orders == ()

    at_simulator(tmp_path, story)


def test_a_refused_request_is_told_with_the_brokers_code(tmp_path: Path) -> None:
    async def story(venue: SimulatorVenue, broker: IbkrBroker) -> None:
        await broker.connect()
        arm(venue, "321-on-request", of="executions")
        with pytest.raises(BrokerRefusal, match="321"):
            await broker.sweep()
        assert broker.is_connected
        await broker.sweep()

    at_simulator(tmp_path, story)


def test_data_taken_by_another_session_ends_live_data_and_comes_back(tmp_path: Path) -> None:
    async def story(venue: SimulatorVenue, broker: IbkrBroker) -> None:
        await broker.connect()
        await broker.resolve("QQQ", CONTRACTS)
        await broker.watch("QQQ", CONTRACTS)
        await venue.advance(1)
        assert broker.has_live_data
        fault = arm(venue, "10197-on-quotes", seconds=0)
        await venue.advance(1)
        assert not broker.has_live_data
        venue.simulator.faults.remove(fault)
        await venue.settle()
        await broker.watch("QQQ", CONTRACTS)
        await venue.advance(1)
        assert broker.has_live_data

    at_simulator(tmp_path, story)


def test_while_the_link_is_broken_the_gate_sends_nothing_and_reads_no_books(
    tmp_path: Path,
) -> None:
    async def story(venue: SimulatorVenue, broker: IbkrBroker) -> None:
        gate = WriteGate(broker, RULES)
        venue.broker = gate
        session = LoginSession(gate, None, Surroundings())
        await session.attempt()
        await gate.resolve("QQQ", CONTRACTS)
        order = await placed(venue, a_combo(gate))
        arm(venue, "1100-connectivity-lost", seconds=0)
        await venue.settle()
        assert gate.is_connected
        assert not session.is_ready
        with pytest.raises(AdapterError, match="lost IBKR"):
            gate.place(order)
        with pytest.raises(AdapterError, match="lost IBKR"):
            gate.cancel(order.ids)
        with pytest.raises(AdapterError, match="lost IBKR"):
            await gate.sweep()
        arm(venue, "1102-restored-data-kept")
        await venue.settle()
        assert not session.is_ready
        await session.attempt()
        assert session.is_ready

    at_simulator(tmp_path, story)


def test_nothing_is_lost_where_the_connection_falls_between_two_fills(tmp_path: Path) -> None:
    async def story(venue: SimulatorVenue, broker: IbkrBroker) -> None:
        await broker.connect()
        await broker.resolve("QQQ", CONTRACTS)
        await filled(venue)
        arm(venue, "drop-connection")
        await venue.settle()
        assert not broker.is_connected
        await broker.connect()
        assert (await broker.sweep()).positions[ACCOUNT, LONG_KEY] == 2

    at_simulator(tmp_path, story)
