"""The risk watch of one session: whoever may want a position closed, and the one closing engine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import TypeVar

from gateway.closings.closer import Closer
from gateway.closings.closing_orders import ClosingOrders
from gateway.closings.closing_work import ClosingWork
from gateway.closings.end_of_day import EndOfDay
from gateway.closings.flatten import Flatten
from gateway.closings.loss_limits import LossLimits
from gateway.closings.time_values import TimeValues
from gateway.commands import CommandDesk
from gateway.floor import TradingFloor
from gateway.openings.ladders import Ladders
from shared.adapters.json_log import log_event
from shared.domain.errors import AdapterError
from shared.domain.followers import Login, LoginId
from shared.domain.orders import OrderId
from shared.domain.reasons import Reason
from shared.ports.breaches import Breaches
from shared.ports.closings import Closings
from shared.ports.commands import Commands
from shared.ports.spread_records import SpreadRecords

T = TypeVar("T")

_RETRY_SECONDS = 1.0


@dataclass(frozen=True, kw_only=True, slots=True)
class RiskBooks:
    """What the risk watch reads and writes.

    Attributes:
        closings: Closing orders.
        spreads: Time values by spread.
        breaches: Daily loss limits that were reached.
        commands: What operators ask.
    """

    closings: Closings
    spreads: SpreadRecords
    breaches: Breaches
    commands: Commands


class Risk:
    """Builds the watches of a session and runs them side by side.

    Args:
        floor: What the leader works with.
        books: What the watches read and write.
        logins: Logins of the shard.
        ladders: Sees orders through.
        tasks: Where the work is supervised.
        bell: Set whenever a command may have been asked.
        restart: Ends this process in good order.
    """

    def __init__(
        self,
        floor: TradingFloor,
        books: RiskBooks,
        logins: dict[LoginId, Login],
        ladders: Ladders,
        tasks: asyncio.TaskGroup,
        *,
        bell: asyncio.Event,
        restart: Callable[[], None],
    ) -> None:
        work = ClosingWork(floor, ladders, tasks)
        self._floor = floor
        self._ladders = ladders
        self._tasks = tasks
        self._closer = Closer(floor, ClosingOrders(floor, books.closings, logins, work), work)
        self._loss_limits = LossLimits(floor, books.breaches, self._cancel_soon)
        self._time_values = TimeValues(floor, books.spreads)
        self._flatten = Flatten(floor, ladders.is_unsent)
        self._commands = CommandDesk(
            floor,
            books.commands,
            switches=floor.connections,
            cancel=self._cancel_soon,
            restart=restart,
            bell=bell,
        )

    async def prepare(self) -> None:
        """Learn what must be known before any login connects: who is held, and who is barred."""
        await self._insist(self._commands.hold_again)
        await self._insist(self._loss_limits.take_over)

    def watches(self) -> list[Coroutine[object, object, None]]:
        """Everything that runs beside the openings, each to its own end within the session."""
        return [
            self._closer.run(),
            self._watch_end_of_day(),
            self._time_values.watch(),
            self._loss_limits.watch(),
            self._flatten.watch(),
            self._commands.watch(),
        ]

    def night_watches(self) -> list[Coroutine[object, object, None]]:
        """What runs while no session does: logins may be held, released and reconnected."""
        return [self._commands.watch()]

    def _cancel_soon(self, order_id: OrderId, reason: Reason) -> None:
        """Cancel a working order beside everything else; a repeat is a no-op."""
        cancel = self._ladders.cancel(order_id, reason)
        self._tasks.create_task(self._ladders.attend(order_id, cancel))

    async def _watch_end_of_day(self) -> None:
        await EndOfDay(self._floor, await self._insist(self._floor.controls.trading)).watch()

    async def _insist(self, work: Callable[[], Coroutine[object, object, T]]) -> T:
        """Do something until the database lets it."""
        while True:
            try:
                return await work()
            except AdapterError as error:
                log_event("work_failed", severity="WARNING", why=str(error))
                await asyncio.sleep(_RETRY_SECONDS)
