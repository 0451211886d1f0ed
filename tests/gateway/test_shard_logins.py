"""The logins of a shard: read, refused one by one, and taken up anew when the map changes."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from gateway.logins.shard_logins import ShardLogins, ShardMapChanged
from shared.adapters.firestore.codec import encode
from shared.adapters.firestore.followers import AsyncFirestoreFollowers
from shared.adapters.firestore.sessions import AsyncFirestoreSessions
from shared.domain.alerts import AlertType
from shared.domain.followers import Login, LoginId
from shared.domain.sessions import Session, SessionDate, at_new_york
from shared.ports.documents import AsyncDocuments, Replace
from tests.builders import SESSION_DATE, a_follower
from tests.contract.records import RECORD
from tests.contract.venues import CLOSE_AT, OPEN_AT
from tests.fakes.async_clock import AsyncManualClock, calm
from tests.fakes.documents import AsyncInMemoryDocuments

SESSION = Session(session_date=SessionDate(SESSION_DATE), open_at=OPEN_AT, close_at=CLOSE_AT)
LOGIN = Login(login_id=LoginId("a"), host="ib", port=4003, client_id=11)


class Shard:
    """A shard's logins over documents."""

    def __init__(self, documents: AsyncDocuments, shard: int = 0) -> None:
        self.documents = documents
        self.told: list[tuple[AlertType, str, str]] = []
        self.logins = ShardLogins(
            AsyncFirestoreFollowers(documents),
            AsyncFirestoreSessions(documents),
            shard=shard,
            alert=self._alert,
        )

    async def _alert(self, alert_type: AlertType, subject: str, message: str) -> None:
        self.told.append((alert_type, subject, message))

    async def put(self, login_id: str, shard: int, **fields: object) -> None:
        login = replace(LOGIN, login_id=LoginId(login_id), shard=shard)
        data = {**encode(login), **fields}
        await self.documents.commit([Replace(path=f"logins/{login_id}", data=data)])

    async def freeze(self, **shards: int) -> None:
        record = replace(RECORD, shard_of_login=dict(shards))
        path = f"sessions/{SESSION_DATE}"
        await self.documents.commit([Replace(path=path, data=encode(record))])

    async def ours(self) -> list[str]:
        return list(await self.logins.read(SESSION_DATE))


def test_the_frozen_map_is_read_once_it_exists(
    documents: AsyncDocuments, runner: asyncio.Runner
) -> None:
    async def story() -> None:
        shard = Shard(documents)
        await shard.put("a", 0)
        await shard.put("b", 1)
        assert await shard.ours() == ["a"]
        await shard.freeze(a=1, b=0)
        assert await shard.ours() == ["b"]
        await shard.put("c", 0)
        assert await shard.ours() == ["b", "c"]

    runner.run(story())


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"host": ""}, "host is empty"),
        ({"port": "4003"}, "port"),
        ({"port": None}, "port"),
        ({"client_id": 150}, "client_id 150"),
        ({"two_factor_due": "soon"}, "YYYY-MM-DD"),
    ],
)
def test_a_malformed_login_is_told_and_the_others_are_carried(
    documents: AsyncDocuments,
    runner: asyncio.Runner,
    fields: dict[str, object],
    words: str,
) -> None:
    async def story() -> None:
        shard = Shard(documents)
        await shard.put("a", 0)
        await shard.put("bad", 0, **fields)
        assert await shard.ours() == ["a"]
        ((alert_type, subject, message),) = shard.told
        assert (alert_type, subject) == (AlertType.LOGIN_INVALID, "bad")
        assert words in message

    runner.run(story())


def test_a_malformed_follower_is_left_out_and_the_others_are_read(
    documents: AsyncDocuments, runner: asyncio.Runner
) -> None:
    async def story() -> None:
        good, bad = encode(a_follower("anna")), {"name": "Bert", "state": "jumping"}
        await documents.commit(
            [
                Replace(path="followers/anna", data=good),
                Replace(path="followers/bert", data=bad),
            ]
        )
        found = await AsyncFirestoreFollowers(documents).all()
        assert [one.follower_id for one in found] == ["anna"]

    runner.run(story())


def test_a_map_that_changes_what_we_carry_is_noticed_and_one_that_does_not_is_not() -> None:
    async def story() -> None:
        clock = AsyncManualClock(datetime(2026, 11, 27, 12, 30, tzinfo=UTC))
        shard = Shard(AsyncInMemoryDocuments())
        await shard.put("a", 0)
        await shard.put("b", 1)
        same = asyncio.create_task(shard.logins.watch_map(SESSION, {LoginId("a")}, clock))
        other = asyncio.create_task(shard.logins.watch_map(SESSION, {LoginId("b")}, clock))
        await clock.run_to(at_new_york(SESSION_DATE, "09:05"))
        assert not same.done()
        assert not other.done()
        await shard.freeze(a=0, b=1)
        await clock.advance(31)
        await calm()
        assert same.result() is None
        assert isinstance(other.exception(), ShardMapChanged)

    asyncio.run(story())
