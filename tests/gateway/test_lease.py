"""Leadership: taken, kept, given back and lost on the machine's monotonic clock."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from gateway.lease import Deposed, ShardLease
from shared.adapters.firestore.leases import FirestoreLeases
from shared.domain.errors import AdapterError
from shared.ports.documents import AsyncDocuments
from shared.ports.leases import Heartbeat, LeaseGrant, Leases
from tests.fakes.documents import AsyncInMemoryDocuments

LIFE_SECONDS = 15.0


class Machine:
    """Machine time that passes only where somebody sleeps, or where the test says so."""

    def __init__(self) -> None:
        self.now = 100.0
        self.on_sleep: Callable[[], Awaitable[None]] | None = None

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        if self.on_sleep is not None:
            await self.on_sleep()


def a_lease(
    documents: AsyncDocuments, machine: Machine, holder: str, leases: Leases | None = None
) -> ShardLease:
    return ShardLease(
        leases or FirestoreLeases(documents),
        shard=0,
        holder=holder,
        life_seconds=LIFE_SECONDS,
        monotonic=machine.monotonic,
        sleep=machine.sleep,
    )


def test_a_free_shard_is_won_at_once(documents: AsyncDocuments, runner: asyncio.Runner) -> None:
    machine = Machine()
    lease = a_lease(documents, machine, "one")
    assert not lease.stands()
    with pytest.raises(Deposed):
        _ = lease.token
    runner.run(lease.win())
    assert (lease.token, lease.stands(), machine.now) == (1, True, 100.0)


def test_a_lease_stands_for_its_life_and_not_a_moment_longer(
    documents: AsyncDocuments, runner: asyncio.Runner
) -> None:
    machine = Machine()
    lease = a_lease(documents, machine, "one")
    runner.run(lease.win())
    machine.now += LIFE_SECONDS - 0.001
    assert lease.stands()
    machine.now += 0.001
    assert not lease.stands()


def test_a_silent_holder_is_followed_after_a_whole_life_of_silence(
    documents: AsyncDocuments, runner: asyncio.Runner
) -> None:
    silent, machine = Machine(), Machine()
    runner.run(a_lease(documents, silent, "one").win())
    successor = a_lease(documents, machine, "two")
    runner.run(successor.win())
    assert machine.now - 100.0 >= LIFE_SECONDS
    assert machine.now - 100.0 <= LIFE_SECONDS + 1
    assert (successor.token, successor.stands()) == (2, True)


def test_a_holder_that_renews_is_never_followed(
    documents: AsyncDocuments, runner: asyncio.Runner
) -> None:
    machine = Machine()
    leases = FirestoreLeases(documents)
    grants: list[LeaseGrant] = []

    async def beat() -> None:
        """Renew like a living holder, for a minute; then fall silent."""
        if machine.now < 160.0:
            grants.append(await leases.renew(grants[-1]))

    async def story() -> None:
        grant = await leases.take(0, "one", seen=None)
        assert grant is not None
        grants.append(grant)
        machine.on_sleep = beat
        await a_lease(documents, machine, "two").win()

    runner.run(story())
    assert machine.now >= 160.0 + LIFE_SECONDS - 1


def test_a_lease_given_back_is_taken_without_waiting(
    documents: AsyncDocuments, runner: asyncio.Runner
) -> None:
    machine = Machine()
    first = a_lease(documents, machine, "one")
    runner.run(first.win())
    runner.run(first.give_back())
    assert not first.stands()
    second = a_lease(documents, machine, "two")
    runner.run(second.win())
    assert (second.token, machine.now) == (2, 100.0)
    runner.run(first.give_back())
    assert second.stands()


def test_renewing_moves_the_deadline(documents: AsyncDocuments, runner: asyncio.Runner) -> None:
    machine = Machine()
    lease = a_lease(documents, machine, "one")

    async def stop_after_a_minute() -> None:
        assert lease.stands()
        if machine.now > 160.0:
            raise asyncio.CancelledError

    async def story() -> None:
        await lease.win()
        machine.on_sleep = stop_after_a_minute
        with pytest.raises(asyncio.CancelledError):
            await lease.keep()

    runner.run(story())
    assert lease.stands()


def test_who_was_followed_learns_it_at_his_next_renewal(
    documents: AsyncDocuments, runner: asyncio.Runner
) -> None:
    machine = Machine()
    first = a_lease(documents, machine, "one")

    async def story() -> None:
        await first.win()
        leases = FirestoreLeases(documents)
        assert await leases.take(0, "two", seen=await leases.look(0)) is not None
        assert first.stands()
        with pytest.raises(Deposed, match="one lost shard 0"):
            await first.keep()

    runner.run(story())
    assert not first.stands()


class Flaky(FirestoreLeases):
    """Leases whose database cannot be reached for so many calls."""

    failures = 0

    async def renew(self, grant: LeaseGrant) -> LeaseGrant:
        if self.failures:
            self.failures -= 1
            raise AdapterError("firestore", "unavailable", retryable=True)
        return await super().renew(grant)


def test_a_renewal_that_fails_once_is_tried_again_while_the_lease_stands() -> None:
    documents, machine = AsyncInMemoryDocuments(), Machine()
    flaky = Flaky(documents)
    lease = a_lease(documents, machine, "one", flaky)

    async def check() -> None:
        if machine.now > 150.0:
            raise asyncio.CancelledError

    async def story() -> None:
        await lease.win()
        flaky.failures, machine.on_sleep = 2, check
        with pytest.raises(asyncio.CancelledError):
            await lease.keep()

    asyncio.run(story())
    assert lease.stands()


def test_a_lease_that_ran_out_stops_standing_and_stands_again_once_it_is_proved_ours() -> None:
    documents, machine = AsyncInMemoryDocuments(), Machine()
    flaky = Flaky(documents)
    lease = a_lease(documents, machine, "one", flaky)
    stood: list[tuple[float, bool]] = []
    regained: list[bool] = []

    async def note() -> None:
        stood.append((machine.now, lease.stands()))
        if machine.now > 150.0:
            raise asyncio.CancelledError

    async def story() -> None:
        await lease.win()
        lease.on_regained(lambda: regained.append(lease.stands()))
        flaky.failures, machine.on_sleep = 12, note
        with pytest.raises(asyncio.CancelledError):
            await lease.keep()

    asyncio.run(story())
    assert all(not stands for at, stands in stood if 115.0 <= at < 125.0)
    assert lease.stands()
    assert regained == [False], "told once, before anything may be sent again"
    assert lease.token == 1


def test_who_was_followed_while_the_database_was_away_leaves_once_it_is_back() -> None:
    documents, machine = AsyncInMemoryDocuments(), Machine()
    flaky = Flaky(documents)
    lease = a_lease(documents, machine, "one", flaky)

    async def story() -> None:
        await lease.win()
        leases = FirestoreLeases(documents)
        assert await leases.take(0, "two", seen=await leases.look(0)) is not None
        flaky.failures = 10
        lease.on_regained(lambda: pytest.fail("it was not regained"))
        with pytest.raises(Deposed):
            await lease.keep()

    asyncio.run(story())
    assert not lease.stands()


class Mute(FirestoreLeases):
    """Leases whose answer to a renewal is lost once."""

    is_mute = False

    async def renew(self, grant: LeaseGrant) -> LeaseGrant:
        renewed = await super().renew(grant)
        if self.is_mute:
            self.is_mute = False
            raise AdapterError("firestore", "deadline exceeded", retryable=True)
        return renewed


def test_a_renewal_whose_answer_was_lost_deposes_nobody() -> None:
    documents, machine = AsyncInMemoryDocuments(), Machine()
    mute = Mute(documents)
    lease = a_lease(documents, machine, "one", mute)

    async def stop() -> None:
        assert lease.stands()
        if machine.now > 140.0:
            raise asyncio.CancelledError

    async def story() -> None:
        await lease.win()
        mute.is_mute, machine.on_sleep = True, stop
        with pytest.raises(asyncio.CancelledError):
            await lease.keep()

    asyncio.run(story())
    assert lease.stands()


def test_a_standby_that_cannot_read_the_lease_waits_a_whole_life_after_it_can() -> None:
    documents, machine = AsyncInMemoryDocuments(), Machine()

    class Blind(FirestoreLeases):
        async def look(self, shard: int) -> Heartbeat | None:
            if 105.0 <= machine.now < 160.0:
                raise AdapterError("firestore", "unavailable", retryable=True)
            return await super().look(shard)

    async def story() -> None:
        await a_lease(documents, Machine(), "one").win()
        await a_lease(documents, machine, "two", Blind(documents)).win()

    asyncio.run(story())
    assert machine.now >= 160.0 + LIFE_SECONDS - 1


def test_a_task_that_hangs_is_found_out() -> None:
    documents, machine = AsyncInMemoryDocuments(), Machine()
    lease = a_lease(documents, machine, "one")
    assert lease.is_looked_after()
    asyncio.run(lease.win())
    machine.now += 3 * LIFE_SECONDS - 1
    assert lease.is_looked_after()
    machine.now += 1
    assert not lease.is_looked_after()
