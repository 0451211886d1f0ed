"""Accounts on record: what each comparison leaves in the database, and how often."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from shared.adapters.firestore.accounts import FirestoreAccounts
from shared.domain.account_snapshot import AccountSnapshot, is_worth_writing
from shared.domain.alerts import AlertType
from shared.domain.errors import AdapterError
from shared.domain.options import ContractKey
from shared.domain.spreads import Side
from shared.ports.documents import Write
from tests.afternoons import Afternoon
from tests.afternoons import play as afternoon
from tests.builders import NOON, SESSION_DATE, an_account
from tests.fakes.async_clock import run_jumping
from tests.settlements import BEFORE, Assigned
from tests.trading_worlds import FailingDocuments, World, new_york

Story = Callable[[Assigned], Coroutine[object, object, None]]
ARRIVAL = new_york(1, 50)
EQUITY = Decimal(100_000) - Decimal("6.5") + Decimal("0.70") * 500
"""What the fake's what-if of five spreads at -0.70 leaves: fees of ten legs, and the credit."""


def record_of(world: World, name: str = "anna") -> AccountSnapshot:
    account_id = world.follower(name).account_id
    return FirestoreAccounts(world.documents.documents).get_many([account_id])[account_id]


def play(story: Story, *, living: bool = True, at: datetime | None = None) -> None:
    async def whole() -> None:
        world = Assigned("anna", living=living, at=at)
        world.close_of_last_session("588.00")
        try:
            await world.start()
            await story(world)
        finally:
            await world.die()

    run_jumping(whole())


def test_what_the_broker_holds_is_put_on_record_and_agrees() -> None:
    async def story(world: Assigned) -> None:
        await world.run_to(9, 40, 30)
        found = record_of(world)
        assert (found.agrees, found.why) == (True, "")
        assert found.quantities == {world.key("long"): 5, world.key("short"): -5}
        assert (found.follower_id, found.login_id) == ("anna", "login-anna")
        assert (found.session_date, found.checked_at) == (SESSION_DATE, new_york(9, 40))
        assert found.equity_with_loan is None, "nothing was opened today"

    play(story)


def test_before_the_open_the_books_of_the_session_before_are_compared() -> None:
    async def story(world: Assigned) -> None:
        await world.run_to(9, 29, 30)
        assert record_of(world).session_date == BEFORE

    play(story)


def test_a_difference_does_not_agree_until_it_is_explained_and_booked() -> None:
    async def story(world: Assigned) -> None:
        await world.run_to(9, 31, 30)
        world.broker_does("anna", short=5)
        await world.run_to(9, 32, 30)
        found = record_of(world)
        assert not found.agrees
        assert f"{world.key('short')} +5" in found.why
        assert found.quantities == {world.key("long"): 5}
        assert len(world.told(AlertType.POSITION_MISMATCH)) == 1
        world.broker_does("anna", QQQ=500)
        await world.run_to(9, 33, 30)
        found = record_of(world)
        assert found.agrees, "assigned, and booked"
        assert found.quantities == {world.key("long"): 5, world.key("QQQ"): 500}

    play(story)


def test_trades_of_others_are_explained_by_their_tags() -> None:
    async def story(world: Assigned) -> None:
        world.broker_does("anna", long=-2)
        world.executes("anna", "long", Side.SELL, 2, "1.52")
        await world.run_to(9, 31, 30)
        found = record_of(world)
        assert found.agrees
        assert found.quantities[world.key("long")] == 3

    play(story)


def test_a_degraded_session_leaves_the_record_as_it_was() -> None:
    async def story(world: Assigned) -> None:
        await world.run_to(9, 31, 30)
        whole = record_of(world)
        world.books["anna"].positions.clear()
        await world.run_to(9, 40)
        assert record_of(world) == whole, "it says itself how old it is"

    play(story)


def test_expired_options_that_both_books_still_hold_do_not_agree() -> None:
    async def story(world: Assigned) -> None:
        await world.run_to(2, 10)
        found = record_of(world)
        assert not found.agrees
        assert found.why == "options that have expired are still in the books"
        assert found.session_date == BEFORE
        world.broker_does("anna", short=5, long=-5)
        await world.run_to(2, 40)
        assert not record_of(world).agrees, "the shares of an assignment may still come"
        await world.run_to(7, 1)
        assert world.holds("anna") == (0, 0, 0)
        # Until it was booked the books lacked what we held: only the next reading is whole.
        assert not record_of(world).agrees

    play(story, living=False, at=ARRIVAL)


def test_an_account_in_which_nothing_is_ours_yet_agrees_with_what_its_owner_holds() -> None:
    async def whole() -> None:
        world = World("anna")
        world.books["anna"].move(world.follower("anna").account_id, ContractKey("QQQ"), 700)
        try:
            await world.lead()
            await world.run_to(9, 22)
            assert record_of(world).quantities == {ContractKey("QQQ"): 700}
            await world.run_to(9, 30, 4)
            world.show(590, "1.98", "2.00")
            await world.run_to(9, 33)
            found = record_of(world)
            assert found.agrees
            assert len(found.quantities) == 3
            assert (found.equity_with_loan, found.currency) == (EQUITY, "USD")
        finally:
            await world.die()

    run_jumping(whole())


class CountedDocuments(FailingDocuments):
    """Documents of a world that note each commit of accounts, and refuse some."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.documents = world.documents.documents
        self.refuses = 0
        self.committed: list[tuple[datetime, int]] = []
        self._now = world.clock.now

    async def commit(self, writes: Sequence[Write]) -> tuple[str, ...]:
        paths = [write.path for write in writes if write.path.startswith("accounts/")]
        if paths and self.refuses:
            self.refuses -= 1
            raise AdapterError("firestore", "unavailable", retryable=True)
        if paths:
            self.committed.append((self._now(), len(paths)))
        return await super().commit(writes)


class Counted(Afternoon):
    """An afternoon in which nothing happens; how often accounts are written is noted."""

    def __init__(self, *names: str) -> None:
        super().__init__(*names, at=new_york(12, 0, 30))
        self.spot("600")
        self.counted = CountedDocuments(self)

    def database(self) -> CountedDocuments:
        return self.counted


def minutes_of(world: Counted) -> list[int]:
    return [at.minute for at, _ in world.counted.committed]


def test_each_login_writes_once_a_minute_while_nothing_happens() -> None:
    async def story(world: Counted) -> None:
        await world.start()
        await world.run_to(12, 10, 30)
        assert sorted(minutes_of(world)) == sorted(2 * [0, *range(2, 11)])
        assert {count for _, count in world.counted.committed} == {1}

    afternoon(lambda: Counted("anna", "bert"), story)


def test_what_changed_is_written_at_once_and_what_failed_with_the_next_comparison() -> None:
    async def story(world: Counted) -> None:
        await world.start()
        world.books["anna"].move(world.follower("anna").account_id, ContractKey("QQQ"), 100)
        world.counted.refuses = 1
        await world.run_to(12, 3, 30)
        assert minutes_of(world) == [0, 2, 3], "12:01 was refused, and nobody waited for it"
        assert not record_of(world).agrees

    afternoon(lambda: Counted("anna"), story)


def test_a_snapshot_is_worth_writing_when_it_says_more_or_a_minute_has_passed() -> None:
    told = an_account()
    later = [NOON + timedelta(seconds=seconds) for seconds in (59, 60)]
    assert is_worth_writing(told, None)
    assert not is_worth_writing(replace(told, checked_at=later[0]), told)
    assert is_worth_writing(replace(told, checked_at=later[1]), told)
    assert is_worth_writing(replace(an_account(agrees=False), checked_at=later[0]), told)
