"""Documents, broker and clock of a gateway, watched: every boundary is told as it is passed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import AbstractContextManager, suppress
from datetime import datetime
from typing import TypeVar

from shared.domain.followers import AccountId, LoginId
from shared.domain.options import ContractKey, OptionContract
from shared.domain.orders import BrokerIds, Margin
from shared.domain.quotes import Quote
from shared.ports.broker import (
    Broker,
    BrokerEvent,
    ComboOrder,
    ExerciseRequest,
    StockOrder,
    Sweep,
    WhatIf,
    WhatIfRefused,
)
from shared.ports.clock import AsyncClock
from shared.ports.documents import AsyncDocuments, Query, Snapshot, Write
from tests.crash.boundaries import Boundary, Killed, Kind, Watch, When, caller, subject_of

T = TypeVar("T")


class WatchedDocuments:
    """`AsyncDocuments` that tells every write and read.

    What a transaction writes is known once it has decided: that is where "before" lies.
    """

    def __init__(self, inner: AsyncDocuments, watch: Watch) -> None:
        self._inner = inner
        self._watch = watch

    def get(self, path: str) -> Coroutine[object, object, Snapshot | None]:
        site = f"get({path.partition('/')[0]})@{caller()}"
        return _awaited(self._watch, site, lambda: self._inner.get(path))

    def get_many(
        self, paths: Sequence[str]
    ) -> Coroutine[object, object, tuple[Snapshot | None, ...]]:
        read = "+".join(sorted({path.partition("/")[0] for path in paths}))
        site = f"get({read})@{caller()}"
        return _awaited(self._watch, site, lambda: self._inner.get_many(paths))

    def find(self, query: Query) -> Coroutine[object, object, tuple[Snapshot, ...]]:
        site = f"find({query.collection})@{caller()}"
        return _awaited(self._watch, site, lambda: self._inner.find(query))

    def commit(self, writes: Sequence[Write]) -> Coroutine[object, object, tuple[str, ...]]:
        return self._commit(writes, caller())

    def transact(
        self,
        paths: Sequence[str],
        decide: Callable[[tuple[Snapshot | None, ...]], tuple[Sequence[Write], T]],
    ) -> Coroutine[object, object, T]:
        return self._outcome(paths, decide, caller())

    def transact_with_versions(
        self,
        paths: Sequence[str],
        decide: Callable[[tuple[Snapshot | None, ...]], tuple[Sequence[Write], T]],
    ) -> Coroutine[object, object, tuple[T, tuple[str, ...]]]:
        return self._transact(paths, decide, caller())

    async def _commit(self, writes: Sequence[Write], by: str) -> tuple[str, ...]:
        if not writes:
            return await self._inner.commit(writes)
        site = f"commit({subject_of(writes)})@{by}"
        self._tell(Kind.PERSIST, When.BEFORE, site)
        versions = await self._inner.commit(writes)
        self._tell(Kind.PERSIST, When.AFTER, site)
        return versions

    async def _outcome(
        self,
        paths: Sequence[str],
        decide: Callable[[tuple[Snapshot | None, ...]], tuple[Sequence[Write], T]],
        by: str,
    ) -> T:
        outcome, _ = await self._transact(paths, decide, by)
        return outcome

    async def _transact(
        self,
        paths: Sequence[str],
        decide: Callable[[tuple[Snapshot | None, ...]], tuple[Sequence[Write], T]],
        by: str,
    ) -> tuple[T, tuple[str, ...]]:
        sites: list[str] = []

        def decide_watched(
            found: tuple[Snapshot | None, ...],
        ) -> tuple[Sequence[Write], T]:
            writes, outcome = decide(found)
            if writes:
                sites.append(f"transact({subject_of(writes)})@{by}")
                self._tell(Kind.PERSIST, When.BEFORE, sites[-1])
            return writes, outcome

        answer = await self._inner.transact_with_versions(paths, decide_watched)
        if sites:
            self._tell(Kind.PERSIST, When.AFTER, sites[-1])
        return answer

    def _tell(self, kind: Kind, when: When, site: str) -> None:
        self._watch.passed(Boundary(kind=kind, when=when, site=site))


class WatchedBroker:
    """`Broker` that tells every send, every wait and every event."""

    def __init__(self, inner: Broker, watch: Watch) -> None:
        self._inner = inner
        self._watch = watch
        self._sent: set[int] = set()

    @property
    def login_id(self) -> LoginId:
        return self._inner.login_id

    @property
    def is_connected(self) -> bool:
        return self._inner.is_connected

    @property
    def has_live_data(self) -> bool:
        return self._inner.has_live_data

    def listen(self, on_event: Callable[[LoginId, BrokerEvent], None]) -> None:
        def on_watched(login_id: LoginId, event: BrokerEvent) -> None:
            site = f"told({type(event).__name__})"
            # Nobody hears what is told to the dead.
            with suppress(Killed):
                self._watch.passed(Boundary(kind=Kind.AWAIT, when=When.BEFORE, site=site))
                on_event(login_id, event)
                self._watch.passed(Boundary(kind=Kind.AWAIT, when=When.AFTER, site=site))

        self._inner.listen(on_watched)

    def connect(self) -> Coroutine[object, object, None]:
        return _awaited(self._watch, f"connect@{caller()}", self._inner.connect)

    async def disconnect(self) -> None:
        await self._inner.disconnect()

    async def heartbeat(self) -> None:
        # It beats on machine time: how often differs from run to run.
        await self._inner.heartbeat()

    def accounts(self) -> tuple[AccountId, ...]:
        return self._inner.accounts()

    def next_valid_order_id(self) -> int:
        return self._inner.next_valid_order_id()

    def resolve(
        self, symbol: str, contracts: Sequence[OptionContract]
    ) -> Coroutine[object, object, tuple[OptionContract, ...]]:
        site = f"resolve@{caller()}"
        return _awaited(self._watch, site, lambda: self._inner.resolve(symbol, contracts))

    def learn_from(self, other: Broker) -> None:
        self._inner.learn_from(other._inner if isinstance(other, WatchedBroker) else other)

    def what_if(self, order: WhatIf) -> Coroutine[object, object, Margin | WhatIfRefused]:
        site = f"what_if@{caller()}"
        return _awaited(self._watch, site, lambda: self._inner.what_if(order))

    def place(self, order: ComboOrder | StockOrder) -> None:
        number = order.ids.broker_order_id
        verb = "modify" if number in self._sent else "place"
        self._sent.add(number)
        what = order.purpose.value if isinstance(order, ComboOrder) else "stock"
        self._send(f"{verb}({what})@{caller()}", lambda: self._inner.place(order))

    def cancel(self, ids: BrokerIds) -> None:
        self._send(f"cancel@{caller()}", lambda: self._inner.cancel(ids))

    def exercise(self, request: ExerciseRequest) -> None:
        self._send(f"exercise@{caller()}", lambda: self._inner.exercise(request))

    def sweep(self) -> Coroutine[object, object, Sweep]:
        return _awaited(self._watch, f"sweep@{caller()}", self._inner.sweep)

    def watch(
        self, symbol: str, contracts: Sequence[OptionContract]
    ) -> Coroutine[object, object, None]:
        site = f"watch@{caller()}"
        return _awaited(self._watch, site, lambda: self._inner.watch(symbol, contracts))

    def quotes(self) -> dict[ContractKey, Quote]:
        return self._inner.quotes()

    def _send(self, site: str, send: Callable[[], None]) -> None:
        self._watch.passed(Boundary(kind=Kind.SEND, when=When.BEFORE, site=site))
        send()
        self._watch.passed(Boundary(kind=Kind.SEND, when=When.AFTER, site=site))


class WatchedClock:
    """`AsyncClock` that tells every wait for market time."""

    def __init__(self, inner: AsyncClock, watch: Watch) -> None:
        self._inner = inner
        self._watch = watch

    def now(self) -> datetime:
        return self._inner.now()

    def sleep_until(self, at: datetime) -> Coroutine[object, object, None]:
        site = f"sleep_until@{caller()}"
        return _awaited(self._watch, site, lambda: self._inner.sleep_until(at))

    def outside_call(self) -> AbstractContextManager[None]:
        return self._inner.outside_call()


async def _awaited(watch: Watch, site: str, call: Callable[[], Awaitable[T]]) -> T:
    watch.passed(Boundary(kind=Kind.AWAIT, when=When.BEFORE, site=site))
    answer = await call()
    watch.passed(Boundary(kind=Kind.AWAIT, when=When.AFTER, site=site))
    return answer
