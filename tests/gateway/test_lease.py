"""Leadership: taken, kept, given back and lost on the machine's monotonic clock."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from gateway.lease import Deposed, ShardLease
from shared.adapters.firestore.leases import FirestoreLeases
from shared.domain.errors import AdapterError
from shared.ports.documents import AsyncDocuments
from shared.ports.leases import LeaseGrant, Leases
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


def test_a_lease_that_ran_out_before_it_could_be_renewed_is_lost() -> None:
    documents, machine = AsyncInMemoryDocuments(), Machine()
    flaky = Flaky(documents)
    lease = a_lease(documents, machine, "one", flaky)

    async def story() -> None:
        await lease.win()
        flaky.failures = 100
        with pytest.raises(Deposed, match="could not renew"):
            await lease.keep()

    asyncio.run(story())
    assert not lease.stands()
    assert machine.now == 100.0 + LIFE_SECONDS
