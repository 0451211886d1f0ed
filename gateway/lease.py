"""Leadership of a shard: won, renewed and lost on the machine's monotonic clock."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from shared.adapters.json_log import log_event
from shared.domain.errors import AdapterError, Conflict
from shared.ports.leases import Heartbeat, LeaseGrant, Leases

_LOOK_SECONDS = 1.0


class Deposed(Exception):
    """Somebody else leads the shard now; nothing more may be sent."""


class ShardLease:
    """One instance's claim to lead a shard.

    A lease that cannot be renewed in time stops standing, and with it every write to the broker;
    it stands again once a renewal proves that nobody took it meanwhile. Who was followed leaves.

    Args:
        leases: Where leases are kept.
        shard: Which shard.
        holder: Our name.
        life_seconds: How long a lease stands without renewal, machine seconds.
        monotonic: The machine's monotonic clock.
        sleep: Waits so many machine seconds.
    """

    def __init__(
        self,
        leases: Leases,
        *,
        shard: int,
        holder: str,
        life_seconds: float,
        monotonic: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._leases = leases
        self._shard = shard
        self._holder = holder
        self._life_seconds = life_seconds
        self._monotonic = monotonic
        self._sleep = sleep
        self._grant: LeaseGrant | None = None
        self._deadline = 0.0
        self._looked_at = monotonic()
        self._on_regained: Callable[[], None] = lambda: None

    @property
    def token(self) -> int:
        """Our fencing token.

        Raises:
            Deposed: If we never led.
        """
        if self._grant is None:
            raise Deposed(f"{self._holder} does not lead shard {self._shard}")
        return self._grant.token

    def stands(self) -> bool:
        """Tell whether the lease certainly still stands; checked before each socket write."""
        return self._grant is not None and self._monotonic() < self._deadline

    def is_looked_after(self) -> bool:
        """Tell whether its task still runs: False where it has hung for three lives."""
        return self._monotonic() - self._looked_at < 3 * self._life_seconds

    def on_regained(self, call: Callable[[], None]) -> None:
        """Call this when a lease that had ceased to stand is about to stand again."""
        self._on_regained = call

    async def win(self) -> None:
        """Wait until the shard is ours: free, given back, or its holder silent for a life.

        A database that cannot be reached is asked again; its silence is nobody's.
        """
        seen: Heartbeat | None = None
        seen_at = self._monotonic()
        while self._grant is None:
            started = self._looked_at = self._monotonic()
            try:
                now_seen = await self._leases.look(self._shard)
                if now_seen != seen:
                    seen, seen_at = now_seen, started
                is_free = seen is None or not seen.holder
                if is_free or started - seen_at >= self._life_seconds:
                    self._grant = await self._leases.take(self._shard, self._holder, seen=seen)
                    self._deadline = started + self._life_seconds
                    continue
            except AdapterError as error:
                log_event("lease_not_read", severity="WARNING", why=str(error))
                seen_at = self._monotonic()
            await self._sleep(_LOOK_SECONDS)

    async def keep(self) -> None:
        """Renew for as long as nobody else leads.

        Raises:
            Deposed: If somebody took the lease.
        """
        while self._grant is not None:
            await self._sleep(self._life_seconds / 3 if self.stands() else _LOOK_SECONDS)
            started = self._looked_at = self._monotonic()
            was_standing = self.stands()
            try:
                grant = await self._renewed(self._grant)
            except AdapterError as error:
                log_event("lease_not_renewed", severity="WARNING", why=str(error))
                continue
            if not (was_standing and self.stands()):
                log_event("lease_regained", severity="WARNING", shard=self._shard)
                self._on_regained()
            self._grant, self._deadline = grant, started + self._life_seconds

    async def _renewed(self, grant: LeaseGrant) -> LeaseGrant:
        """Renew; a renewal of ours whose answer was lost is no conflict.

        Raises:
            Deposed: If somebody took the lease.
            AdapterError: If the database cannot be reached.
        """
        try:
            return await self._leases.renew(grant)
        except Conflict as conflict:
            seen = await self._leases.look(self._shard)
            if seen is None or (seen.holder, seen.token) != (grant.holder, grant.token):
                self._deadline = 0.0
                raise Deposed(f"{self._holder} lost shard {self._shard}") from conflict
            return await self._leases.renew(replace(grant, heartbeat_version=seen.version))

    async def give_back(self) -> None:
        """Let a successor take over at once."""
        grant, self._grant, self._deadline = self._grant, None, 0.0
        if grant is not None:
            await self._leases.give_back(grant)
