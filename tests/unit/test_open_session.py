"""Opening a session: once, on sessions only, with the shard map frozen."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from shared.adapters.firestore.codec import encode
from shared.adapters.firestore.followers import FirestoreFollowers
from shared.adapters.firestore.sessions import FirestoreSessions
from shared.adapters.session_table import session_table
from shared.domain.followers import Login, LoginId
from shared.ports.documents import Create, Replace
from shared.use_cases.open_session import open_session
from tests.builders import SESSION_DATE, a_follower
from tests.fakes.clock import ManualClock
from tests.fakes.documents import InMemoryDocuments

NINE = datetime(2026, 11, 27, 14, 0, tzinfo=UTC)


def a_login(login_id: str, shard: int = 0) -> Login:
    return Login(login_id=LoginId(login_id), host="127.0.0.1", port=4001, client_id=7, shard=shard)


def documents_with(*logins: Login) -> InMemoryDocuments:
    documents = InMemoryDocuments()
    for login in logins:
        documents.commit([Create(path=f"logins/{login.login_id}", data=encode(login))])
    return documents


def opened(documents: InMemoryDocuments, *, at: datetime = NINE) -> bool:
    return open_session(
        clock=ManualClock(at),
        session_table=session_table(),
        sessions=FirestoreSessions(documents),
        followers=FirestoreFollowers(documents),
    )


def test_a_session_is_opened_with_its_hours_and_its_shards() -> None:
    documents = documents_with(a_login("login-1"), a_login("login-2", shard=1))
    assert opened(documents)
    record = FirestoreSessions(documents).read(SESSION_DATE)
    assert record is not None
    assert record.open_at == datetime(2026, 11, 27, 14, 30, tzinfo=UTC)
    assert record.close_at == datetime(2026, 11, 27, 18, 0, tzinfo=UTC)
    assert record.shard_of_login == {"login-1": 0, "login-2": 1}
    assert record.active_signals == {}


def test_a_second_opening_changes_nothing_even_where_a_login_has_moved() -> None:
    documents = documents_with(a_login("login-1"))
    opened(documents)
    moved = a_login("login-1", shard=9)
    documents.commit([Replace(path="logins/login-1", data=encode(moved))])
    before = documents.get(f"sessions/{SESSION_DATE}")
    assert not opened(documents)
    assert documents.get(f"sessions/{SESSION_DATE}") == before


@pytest.mark.parametrize(
    "at",
    [
        datetime(2026, 11, 26, 14, 0, tzinfo=UTC),
        datetime(2026, 11, 28, 14, 0, tzinfo=UTC),
        datetime(2026, 11, 27, 13, 59, 59, tzinfo=UTC),
        datetime(2026, 11, 27, 18, 0, tzinfo=UTC),
    ],
    ids=["Thanksgiving", "Saturday", "before 09:00", "after the early close"],
)
def test_nothing_is_opened_on_other_days_or_at_other_times(at: datetime) -> None:
    documents = documents_with(a_login("login-1"))
    assert not opened(documents, at=at)
    assert documents.get(f"sessions/{at:%Y-%m-%d}") is None


def test_a_login_moves_only_without_an_open_position_and_without_a_live_order() -> None:
    names = ("holding", "working", "flat")
    documents = documents_with(*(a_login(f"login-{name}") for name in names))
    opened(documents, at=datetime(2026, 11, 25, 14, 0, tzinfo=UTC))
    for name in names:
        follower = replace(a_follower(name), login_id=LoginId(f"login-{name}"))
        moved = a_login(f"login-{name}", shard=3)
        documents.commit(
            [
                Create(path=f"followers/{name}", data=encode(follower)),
                Replace(path=f"logins/login-{name}", data=encode(moved)),
            ]
        )
    documents.commit(
        [
            Create(path="positions/one", data={"follower_id": "holding", "is_open": True}),
            Create(path="positions/two", data={"follower_id": "flat", "is_open": False}),
            Create(path="orders/one", data={"follower_id": "working", "state": "working"}),
            Create(path="orders/two", data={"follower_id": "flat", "state": "filled"}),
        ]
    )
    opened(documents)
    record = FirestoreSessions(documents).read(SESSION_DATE)
    assert record is not None
    assert record.shard_of_login == {"login-holding": 0, "login-working": 0, "login-flat": 3}
