"""A toy session for the tests of held market time: `python -m tests.contract.held_toy ROLE ...`.

A market over TCP, a trader on asyncio whose traffic with it is counted, and a function that
sleeps in threads: each like the real process of its kind. Whoever is finished writes what it saw.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import socket
import sys
import threading
from datetime import datetime, timedelta
from pathlib import Path

from shared.adapters.held_clock import HeldClock
from shared.adapters.held_clock_async import AsyncHeldClock, run_held
from tests.contract.held_toy_wire import ORDERS, RUNGS, START_AT, TICKS, Counted, ask_blocking

_SECOND = timedelta(seconds=1)
_STEP = timedelta(seconds=5)
_MINUTE = timedelta(minutes=1)


def price(at: datetime) -> int:
    """A price that differs from second to second: any jitter shows."""
    return int.from_bytes(hashlib.sha256(at.isoformat().encode()).digest()[:2], "big")


class Market:
    """Answers `limit` with a fill or none, at the market time of the request's arrival."""

    def __init__(self, clock: AsyncHeldClock) -> None:
        self._clock = clock
        self._counted: list[Counted] = []
        self._moves = 0

    async def run(self, ports: Path) -> None:
        """Serve, and move every second."""
        self._clock.count_traffic(lambda: _sum(self._counted))
        trading = await asyncio.start_server(self._trade, "127.0.0.1", 0)
        quoting = await asyncio.start_server(self._quote, "127.0.0.1", 0)
        _tell(ports, trading.sockets[0].getsockname()[1], quoting.sockets[0].getsockname()[1])
        while True:
            await self._clock.sleep_until(self._clock.now() + _SECOND)
            self._moves += 1

    def _answer(self, line: bytes) -> bytes:
        now = self._clock.now()
        fills = price(now) < int(line)
        return json.dumps([now.isoformat(), self._moves, fills]).encode() + b"\n"

    async def _trade(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        counted = Counted(reader, writer)
        self._counted.append(counted)
        while line := await counted.read_line():
            counted.write(self._answer(line))
        # Only connections alive are counted: who hangs up takes his counts along.
        self._counted.remove(counted)
        writer.close()

    async def _quote(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(self._answer(await reader.readline()))
        await writer.drain()
        writer.close()


class Trader:
    """Works orders, a connection each, and has the function called each minute."""

    def __init__(self, clock: AsyncHeldClock, trade_port: int, call_port: int) -> None:
        self._clock = clock
        self._trade_port, self._call_port = trade_port, call_port
        self._counted: list[Counted] = []
        self._seen: list[object] = []

    async def run(self) -> list[object]:
        """Trade a session and return what was seen, in an order that is no accident."""
        self._clock.count_traffic(lambda: _sum(self._counted))
        with self._clock.outside_call():
            for _ in range(ORDERS):
                streams = await asyncio.open_connection("127.0.0.1", self._trade_port)
                self._counted.append(Counted(*streams))
        await asyncio.gather(*map(self._work, range(ORDERS)), self._tick())
        return sorted(self._seen, key=json.dumps)

    async def _work(self, order: int) -> None:
        await self._clock.sleep_until(START_AT + _MINUTE + (order % 3) * _SECOND)
        for rung in range(RUNGS):
            counted = self._counted[order]
            counted.write(f"{rung * 6000}\n".encode())
            at, moves, is_filled = json.loads(await counted.read_line())
            self._seen.append([order, rung, at, moves, is_filled])
            if is_filled:
                return
            await self._clock.sleep_until(self._clock.now() + _STEP)

    async def _tick(self) -> None:
        """Call the function as the push courier does: held until it has answered."""
        calls = []
        for tick in range(TICKS):
            await self._clock.sleep_until(START_AT + tick * _MINUTE)
            self._clock.hold()
            calls.append(asyncio.create_task(self._call(tick)))
        await asyncio.gather(*calls)

    async def _call(self, tick: int) -> None:
        answer = b""
        with contextlib.suppress(OSError):
            reader, writer = await asyncio.open_connection("127.0.0.1", self._call_port)
            writer.write(f"{tick}\n".encode())
            answer = await reader.readline()
            writer.close()
        with self._clock.outside_call():
            # Off the loop, as alarms are published.
            digest = await asyncio.to_thread(hashlib.sha256, answer)
        self._seen.append(["tick", tick, self._clock.now().isoformat(), digest.hexdigest()])
        self._clock.release()


def _function(address: str, port_file: Path, quote_port: int) -> None:
    """Serve calls in threads: look at once and half a minute later, as marks do."""
    clock = HeldClock(address, name="function")
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        _tell(port_file, server.getsockname()[1])
        while True:
            connection, _ = server.accept()
            threading.Thread(target=_mark, args=(clock, connection, quote_port)).start()


def _mark(clock: HeldClock, connection: socket.socket, quote_port: int) -> None:
    with connection, connection.makefile("rwb") as lines:
        tick = int(lines.readline())
        first = ask_blocking(quote_port, b"100")
        clock.sleep_until(START_AT + tick * _MINUTE + 30 * _SECOND)
        second = ask_blocking(quote_port, b"100")
        lines.write(json.dumps([first, second, clock.now().isoformat()]).encode() + b"\n")


def _sum(counted: list[Counted]) -> tuple[int, int]:
    return sum(one.sent for one in counted), sum(one.received for one in counted)


def _tell(path: Path, *ports: int) -> None:
    """Make the file appear as a whole."""
    path.with_suffix(".new").write_text(json.dumps(ports))
    path.with_suffix(".new").rename(path)


def _main(role: str, address: str, folder: Path, *ports: str) -> None:
    if role == "function":
        _function(address, folder / "function.json", int(ports[0]))
        return

    async def market(clock: AsyncHeldClock) -> None:
        await Market(clock).run(folder / "market.json")

    async def trader(clock: AsyncHeldClock) -> None:
        seen = await Trader(clock, int(ports[0]), int(ports[1])).run()
        (folder / "seen.json").write_text(json.dumps(seen))

    main = market if role == "market" else trader
    run_held(address, main, name=role, rank=0 if role == "market" else 1)


if __name__ == "__main__":
    _main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), *sys.argv[4:])
