"""An advisor's login: 300 accounts on one connection, which takes 50 messages a second at most."""

from __future__ import annotations

import asyncio
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

from shared.domain.followers import Follower, Login
from shared.domain.orders import Order
from tests.bench.fan_out import acknowledged_ms
from tests.bench.message_meter import MessageMeter
from tests.bench.opening_stage import (
    SEED,
    figures_of,
    login_at,
    opening_stage,
)
from tests.bench.rows import Row, percentile_95
from tests.sandbox.cast import Cast

_ACCOUNTS = 300
_LOGIN = "advisor"
_ENDED_BY = "09:33:30"


def rows() -> list[Row]:
    """Count the messages of one opening on an advisor's connection, where the broker reads them."""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_measure(Path(folder)))


async def _measure(folder: Path) -> list[Row]:
    async with (
        opening_stage(folder, followers=_ACCOUNTS, logins=_logins) as stage,
        AsyncExitStack() as stack,
    ):
        meter = MessageMeter(stage.ports[_LOGIN])
        port = await meter.start()
        stack.push_async_callback(meter.stop)

        def login_of(_: Follower) -> Login:
            return login_at(_LOGIN, port)

        stage.open_session(login_of)
        gateway, file = await stage.gateway(stack)
        await stage.until_all_ended(_ENDED_BY)
        figures = await figures_of(gateway, file)
        orders = await asyncio.to_thread(stage.orders)
    return _shown(meter, orders, acknowledged_ms(orders, figures))


def _shown(meter: MessageMeter, orders: tuple[Order, ...], acknowledged: list[float]) -> list[Row]:
    method = f"{_ACCOUNTS} accounts, one connection, {meter.messages} messages counted on the wire"
    filled = sum(order.filled_quantity > 0 for order in orders)
    peak = float(meter.peak_per_second)
    last = percentile_95(acknowledged) / 1000 if acknowledged else float("nan")
    return [
        _row("advisor login, most messages in any second", method, "count", peak),
        _row("advisor login, release to acknowledged, p95", method, "s", last),
        _row("advisor login, orders with a fill", method, "count", float(filled)),
    ]


def _row(name: str, method: str, unit: str, value: float) -> Row:
    return Row(name=name, method=method, seed=SEED, unit=unit, median=value, p95=value)


def _logins(cast: Cast) -> list[dict[str, object]]:
    accounts = [{"account_id": f.account_id, "cash": "1000000"} for f in cast.followers]
    return [{"login_id": _LOGIN, "port": 0, "accounts": accounts}]
