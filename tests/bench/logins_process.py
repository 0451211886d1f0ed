"""Connect many logins from one process: `python -m tests.bench.logins_process ours|bare PORTS`.

PORTS is a JSON file of ports by login. Prints how long it took and what memory it needed.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import ib_insync as ibi

from gateway.broker.ibkr_broker import IbkrBroker
from gateway.logins.connections import Connections
from gateway.logins.write_gate import WriteGate, WriteRules
from shared.adapters.system_clock import AsyncSystemClock
from shared.domain.controls import TradingMode
from shared.domain.followers import Login, LoginId
from shared.ports.broker import Broker

CLIENT_ID = 11
_SECONDS = 30.0


async def connect_ours(ports: Mapping[str, int]) -> float:
    """Connect through our own connections, synchronized and swept; seconds it took."""
    logins = [_login(name, port) for name, port in ports.items()]
    rules = WriteRules(lease_stands=lambda: False, mode=lambda: TradingMode.HALTED)
    gates = {
        login.login_id: WriteGate(IbkrBroker(login, now=AsyncSystemClock().now), rules)
        for login in logins
    }
    connections = Connections()

    async def reconcile(broker: Broker) -> None:
        await broker.sweep()

    connections.carry(gates, on_reconnected=reconcile)
    started = time.perf_counter()
    await connections.connect_all()
    took = time.perf_counter() - started
    if len(connections.ready()) != len(ports):
        raise SystemExit(f"only {len(connections.ready())} of {len(ports)} logins are ready")
    await connections.disconnect_all()
    return took


async def connect_bare(ports: Mapping[str, int]) -> float:
    """Connect with the client library alone; seconds it took."""
    new_ib: Callable[[], Any] = ibi.IB
    made = [new_ib() for _ in ports]
    started = time.perf_counter()
    await asyncio.gather(
        *(
            ib.connectAsync("127.0.0.1", port, clientId=CLIENT_ID, timeout=_SECONDS)
            for ib, port in zip(made, ports.values(), strict=True)
        )
    )
    took = time.perf_counter() - started
    for ib in made:
        ib.disconnect()
    return took


def _login(name: str, port: int) -> Login:
    return Login(login_id=LoginId(name), host="127.0.0.1", port=port, client_id=CLIENT_ID)


def main(arguments: Sequence[str]) -> int:
    """Connect, measure, print."""
    who, ports_file = arguments
    ports = json.loads(Path(ports_file).read_text())
    connect = connect_ours if who == "ours" else connect_bare
    seconds = asyncio.run(connect(ports))
    peak_rss_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(json.dumps({"seconds": seconds, "peak_rss_mib": peak_rss_mib}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
