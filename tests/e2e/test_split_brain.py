"""Two gateways at once, in real processes: the paused one wakes up after its lease has gone."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from contextlib import AsyncExitStack
from pathlib import Path

import requests

from shared.domain.orders import OrderState, Purpose
from tests.bench.message_meter import MessageMeter
from tests.bench.opening_stage import OpeningStage, individual, login_at, opening_stage
from tests.sandbox.cast import Cast
from tests.sandbox.processes import Child

_FOLLOWERS = 3


def test_a_leader_that_was_paused_past_its_lease_sends_nothing_and_its_successor_no_second_order(
    tmp_path: Path,
) -> None:
    async def story() -> None:
        async with (
            opening_stage(
                tmp_path, followers=_FOLLOWERS, logins=_logins, starts="09:29:50"
            ) as stage,
            AsyncExitStack() as stack,
        ):
            meters = await _metered(stage, stack)
            first, _ = await stage.gateway(stack, name="first", LEASE_SECONDS="5")
            await _until_told(first, "orders_released")
            _signal(first, signal.SIGSTOP)
            second, _ = await stage.gateway(stack, name="second", LEASE_SECONDS="5")
            await _until_told(second, "gateway_leading")
            woken_at = time.monotonic()
            _signal(first, signal.SIGCONT)
            assert await first.wait() != 0
            await stage.until_all_ended("09:31:20")
            _nothing_was_sent_by_the_first_after(woken_at, meters)
            _one_broker_order_each(stage)

    asyncio.run(story())


def _nothing_was_sent_by_the_first_after(woken_at: float, meters: list[MessageMeter]) -> None:
    for meter in meters:
        assert [one for one in meter.placed_at if one[0] == 1 and one[1] >= woken_at] == []


def _one_broker_order_each(stage: OpeningStage) -> None:
    orders = [order for order in stage.orders() if order.purpose is Purpose.OPEN]
    assert len(orders) == _FOLLOWERS
    state = requests.get(f"{stage.control_url}/state", timeout=10).json()
    for order in orders:
        assert order.is_terminal
        assert order.state is not OrderState.SKIPPED
        assert order.broker is not None
        ref = order.broker.order_ref
        login = state["logins"][order.login_id]
        at_broker = [one for one in login["orders"] if one["order_ref"] == ref]
        assert len(at_broker) == 1
        assert at_broker[0]["filled"] == order.filled_quantity


async def _metered(stage: OpeningStage, stack: AsyncExitStack) -> list[MessageMeter]:
    meters, ports = [], {}
    for follower in stage.cast.followers:
        meter = MessageMeter(stage.ports[follower.login_id])
        ports[follower.login_id] = await meter.start()
        stack.push_async_callback(meter.stop)
        meters.append(meter)
    stage.open_session(lambda f: login_at(f.login_id, ports[f.login_id]))
    return meters


async def _until_told(gateway: Child, event: str) -> None:
    async with asyncio.timeout(60):
        while f'"{event}"' not in gateway.log_path.read_text():
            assert gateway.process.returncode is None
            await asyncio.sleep(0.05)


def _signal(child: Child, number: signal.Signals) -> None:
    """Signal the Python below the guarding shell."""
    for entry in Path("/proc").iterdir():
        is_below = entry.name.isdigit() and _parent(entry) == child.process.pid
        if is_below and b"gateway_process" in (entry / "cmdline").read_bytes():
            os.kill(int(entry.name), number)


def _parent(entry: Path) -> int:
    try:
        return int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def _logins(cast: Cast) -> list[dict[str, object]]:
    return [individual(f.login_id, f.account_id, 1_000_000) for f in cast.followers]
