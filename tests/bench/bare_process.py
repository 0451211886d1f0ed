"""The same fan-out on the bare client library: `python -m tests.bench.bare_process PLAN SHIFT`.

It does what must be done to trade and nothing else: connect, look the legs up once, place every
order at the release, note the first acknowledgement of each.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import ib_insync as ibi

from tests.bench.shifted_clock import ShiftedClock

_SECONDS = 30.0
_SETTLE_SECONDS = 10.0
_ALIVE = frozenset({"PreSubmitted", "Submitted", "Filled"})


async def fan_out(plan: Mapping[str, Any], clock: ShiftedClock) -> list[float]:
    """Place every order of the plan at its time; milliseconds to each first acknowledgement."""
    new_ib: Callable[[], Any] = ibi.IB
    made = {login: new_ib() for login in plan["ports"]}
    await asyncio.gather(
        *(
            made[login].connectAsync("127.0.0.1", port, clientId=12, timeout=_SECONDS)
            for login, port in plan["ports"].items()
        )
    )
    bag = await _bag(next(iter(made.values())), plan)
    await clock.sleep_until(datetime.fromisoformat(plan["at"]))
    heard: dict[str, float] = {}
    all_heard = asyncio.Event()

    def hear(trade: ibi.Trade, key: str) -> None:
        if trade.orderStatus.status in _ALIVE:
            heard.setdefault(key, time.perf_counter())
        if len(heard) == len(plan["orders"]):
            all_heard.set()

    started = time.perf_counter()
    for login, account, quantity in plan["orders"]:
        order = ibi.LimitOrder("BUY", quantity, plan["limit"], account=account, tif="DAY")
        trade = made[login].placeOrder(bag, order)
        trade.statusEvent += lambda trade, key=account: hear(trade, key)
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(all_heard.wait(), _SETTLE_SECONDS)
    for ib in made.values():
        ib.reqGlobalCancel()
        ib.disconnect()
    return [(at - started) * 1000 for at in heard.values()]


async def _bag(ib: ibi.IB, plan: Mapping[str, Any]) -> ibi.Contract:
    legs = []
    for expiry, strike, right, action in plan["legs"]:
        option = ibi.Option(plan["symbol"], expiry, strike, right, "SMART", "100", "USD")
        (details,) = await ib.reqContractDetailsAsync(option)
        con_id = details.contract.conId if details.contract else 0
        legs.append(ibi.ComboLeg(conId=con_id, ratio=1, action=action, exchange="SMART"))
    return ibi.Contract(
        secType="BAG", symbol=plan["symbol"], exchange="SMART", currency="USD", comboLegs=legs
    )


def main(arguments: Sequence[str]) -> int:
    """Play the plan and print what was heard."""
    plan, shift_seconds = arguments
    told = json.loads(Path(plan).read_text())
    heard = asyncio.run(fan_out(told, ShiftedClock(float(shift_seconds))))
    sys.stdout.write(json.dumps(heard) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
