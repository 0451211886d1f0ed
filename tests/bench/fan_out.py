"""From the commit of the release to the brokers' acknowledgements, beside the bare library."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import datetime
from pathlib import Path
from typing import Any

from shared.domain.orders import Order
from shared.domain.sessions import at_new_york
from tests.bench.opening_stage import (
    SEED,
    BenchFailed,
    OpeningStage,
    figures_of,
    individual,
    login_at,
    opening_stage,
)
from tests.bench.rows import Row, percentile_95
from tests.sandbox.blueprint import ROOT
from tests.sandbox.cast import Cast

_FOLLOWERS = 300
_BARE_AT = "09:31:20"
_ENDED_BY = "09:31:10"


def rows() -> list[Row]:
    """Time one opening of 300 followers and as many orders placed bare, in one run."""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_measure(Path(folder)))


async def _measure(folder: Path) -> list[Row]:
    async with (
        opening_stage(folder, followers=_FOLLOWERS, logins=_logins) as stage,
        AsyncExitStack() as stack,
    ):
        stage.open_session(lambda f: login_at(f.login_id, stage.ports[f.login_id]))
        gateway, file = await stage.gateway(stack)
        await stage.until_all_ended(_ENDED_BY)
        figures = await figures_of(gateway, file)
        orders = await asyncio.to_thread(stage.orders)
        bare = await _bare(stage, folder)
    ours = acknowledged_ms(orders, figures)
    if len(ours) < _FOLLOWERS or len(bare) < _FOLLOWERS:
        raise BenchFailed(f"only {len(ours)} of ours and {len(bare)} bare orders were acknowledged")
    return [_times(ours, bare), *operations(orders, figures, _FOLLOWERS)]


def _times(ours: Sequence[float], bare: Sequence[float]) -> Row:
    return Row(
        name="release committed to acknowledged, p95",
        method=f"{_FOLLOWERS} logins in one process, beside placeOrder alone",
        seed=SEED,
        unit="ms",
        median=percentile_95(ours),
        p95=percentile_95(ours),
        bare=percentile_95(bare),
    )


def acknowledged_ms(orders: Sequence[Order], figures: Mapping[str, Any]) -> list[float]:
    """Milliseconds from the answer of an order's release commit to its acknowledgement."""
    clock = {key: _instant(text) for key, text in figures["released_at"].items()}
    return [
        (order.acknowledged_at.timestamp() - clock[f"orders/{order.order_id}"]) * 1000
        for order in orders
        if order.acknowledged_at is not None and f"orders/{order.order_id}" in clock
    ]


def operations(orders: Sequence[Order], figures: Mapping[str, Any], followers: int) -> list[Row]:
    """Documents read and written by the gateway from its start to the last order's end."""
    method = f"{followers} followers, start to the end of the last ladder"
    found = []
    for kind in ("reads", "writes"):
        total = sum(figures[kind].values()) / len(orders)
        counted = sorted(figures[kind].items(), key=lambda item: -item[1])
        shown = ", ".join(f"{name} {count}" for name, count in counted[:4])
        found.append(_row(f"Firestore {kind} per order", f"{method}: {shown}", total))
    calls = figures["round_trips"] / len(orders)
    return [*found, _row("Firestore round trips per order", method, calls)]


def _row(name: str, method: str, value: float) -> Row:
    return Row(name=name, method=method, seed=SEED, unit="count", median=value, p95=value)


def _instant(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def _logins(cast: Cast) -> list[dict[str, object]]:
    ours = [individual(f.login_id, f.account_id, 1_000_000) for f in cast.followers]
    bare = [individual(f"bare-{f.login_id}", f"{f.account_id}B", 1_000_000) for f in cast.followers]
    return [*ours, *bare]


async def _bare(stage: OpeningStage, folder: Path) -> list[float]:
    spread = stage.signal.spread
    plan = {
        "at": at_new_york(stage.signal.session_date, _BARE_AT).isoformat(),
        "symbol": spread.symbol,
        "legs": [
            (
                leg.contract.expiry.replace("-", ""),
                float(leg.contract.strike),
                leg.contract.right.value,
                leg.side.value,
            )
            for leg in spread.opening_legs
        ],
        "limit": -0.75,
        "ports": {key: port for key, port in stage.ports.items() if key.startswith("bare-")},
        "orders": [(f"bare-{f.login_id}", f"{f.account_id}B", 1) for f in stage.cast.followers],
    }
    path = folder / "bare.json"
    path.write_text(json.dumps(plan))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bench.bare_process", str(path), str(stage.shift_seconds)),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    heard: list[float] = json.loads(output.decode().splitlines()[-1])
    return heard
