"""1,000 followers over four shards: four gateway processes, one simulator, one database."""

from __future__ import annotations

import asyncio
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

from shared.domain.followers import Follower, Login
from tests.bench.fan_out import acknowledged_ms
from tests.bench.opening_stage import (
    SEED,
    OpeningStage,
    figures_of,
    individual,
    login_at,
    opening_stage,
)
from tests.bench.rows import Row, percentile_95
from tests.sandbox.cast import Cast

_FOLLOWERS = 1000
_SHARDS = 4
_ENDED_BY = "09:31:20"


def rows() -> list[Row]:
    """Time one opening of 1,000 followers over four shards."""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_measure(Path(folder)))


async def _measure(folder: Path) -> list[Row]:
    async with (
        opening_stage(folder, followers=_FOLLOWERS, logins=_logins) as stage,
        AsyncExitStack() as stack,
    ):
        stage.open_session(lambda follower: _login(stage, follower))
        started = [await stage.gateway(stack, shard) for shard in range(_SHARDS)]
        await stage.until_all_ended(_ENDED_BY)
        figures = [await figures_of(gateway, file) for gateway, file in started]
        orders = await asyncio.to_thread(stage.orders)
    acknowledged = [ms for told in figures for ms in acknowledged_ms(orders, told)]
    filled = sum(order.filled_quantity > 0 for order in orders)
    peak = max(told["peak_rss_mib"] for told in figures)
    method = f"{_FOLLOWERS} followers, {_SHARDS} gateway processes, everything on this machine"
    return [
        _row("4 shards, release committed to acknowledged, p95", method, "ms", acknowledged),
        _row("4 shards, orders acknowledged", method, "count", [float(len(acknowledged))]),
        _row("4 shards, orders with a fill", method, "count", [float(filled)]),
        _row("4 shards, peak RSS of the largest gateway", method, "MiB", [peak]),
    ]


def _login(stage: OpeningStage, follower: Follower) -> Login:
    shard = int(follower.follower_id.rpartition("-")[2]) % _SHARDS
    return login_at(follower.login_id, stage.ports[follower.login_id], shard)


def _row(name: str, method: str, unit: str, values: list[float]) -> Row:
    value = percentile_95(values) if values else float("nan")
    return Row(name=name, method=method, seed=SEED, unit=unit, median=value, p95=value)


def _logins(cast: Cast) -> list[dict[str, object]]:
    return [individual(f.login_id, f.account_id, 1_000_000) for f in cast.followers]
