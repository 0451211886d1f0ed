"""What every document store does alike: in memory and in Firestore, blocking and asyncio."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, timezone

import pytest

from shared.domain.errors import Conflict, InvalidInput, NotFound
from shared.ports.documents import (
    AppendToList,
    Create,
    Delete,
    Documents,
    Filter,
    Increment,
    Query,
    Replace,
    Snapshot,
    Update,
    Write,
    field_path,
)
from tests.fakes.documents import InMemoryDocuments

AT = datetime(2026, 11, 27, 14, 30, 0, 123456, tzinfo=UTC)


@pytest.fixture
def store(every_documents: Documents) -> Documents:
    return every_documents


def data_at(store: Documents, path: str) -> dict[str, object] | None:
    snapshot = store.get(path)
    return None if snapshot is None else dict(snapshot.data)


def put(store: Documents, **documents: dict[str, object]) -> None:
    store.commit([Create(path=f"things/{name}", data=data) for name, data in documents.items()])


def ids(found: Sequence[Snapshot]) -> list[str]:
    return [one.document_id for one in found]


def test_a_missing_document_is_none(store: Documents) -> None:
    assert store.get("things/one") is None


def test_what_was_created_is_read_back_as_plain_values(store: Documents) -> None:
    written: dict[str, object] = {
        "text": "à la carte €",
        "count": -3,
        "large": 9_000_000_000_000_001,
        "yes": True,
        "nothing": None,
        "at": AT.astimezone(timezone(timedelta(hours=-5))),
        "row": ("a", 1, None, {"x": (1,)}),
        "map": {"b": 2, "a": {"deep": "er"}, "QQQ-2026-11-27-P-492.5": 1},
        "empty_row": (),
        "empty_map": {},
    }
    store.commit([Create(path="things/one", data=written)])
    read = store.get("things/one")
    assert read is not None
    assert read.path == "things/one"
    assert read.document_id == "one"
    assert read.data == written | {
        "at": AT,
        "row": ["a", 1, None, {"x": [1]}],
        "empty_row": [],
    }
    assert type(read.data["at"]) is datetime
    assert list(read.data) == sorted(written)
    assert read.data["yes"] is True


def test_documents_are_read_in_the_order_asked_and_repeats_are_answered(
    store: Documents,
) -> None:
    put(store, a={"n": 1}, b={"n": 2})
    found = store.get_many(["things/b", "things/none", "things/a", "things/b"])
    assert [one and one.data["n"] for one in found] == [2, None, 1, 2]
    assert store.get_many([]) == ()


def test_creating_what_exists_is_a_conflict_and_nothing_is_written(store: Documents) -> None:
    put(store, a={"n": 1})
    with pytest.raises(Conflict):
        store.commit(
            [
                Create(path="things/b", data={"n": 2}),
                Create(path="things/a", data={"n": 2}),
            ]
        )
    assert data_at(store, "things/a") == {"n": 1}
    assert store.get("things/b") is None


def test_replacing_leaves_nothing_of_what_was_there(store: Documents) -> None:
    put(store, a={"old": 1})
    store.commit(
        [
            Replace(path="things/a", data={"new": 2}),
            Replace(path="things/b", data={"new": 3}),
        ]
    )
    assert data_at(store, "things/a") == {"new": 2}
    assert data_at(store, "things/b") == {"new": 3}


def test_updating_changes_the_named_fields_only(store: Documents) -> None:
    put(store, a={"kept": 1, "map": {"x": 1, "y": {"z": 1}}, "gone": {"p": 1}})
    store.commit(
        [
            Update(
                path="things/a",
                fields={
                    "map.y.z": 2,
                    "map.w.new": None,
                    "gone": {"q": 2},
                    field_path("map", "492.5"): "dotted",
                    "map.QQQ-2026": "plain",
                },
            )
        ]
    )
    assert data_at(store, "things/a") == {
        "kept": 1,
        "gone": {"q": 2},
        "map": {
            "x": 1,
            "y": {"z": 2},
            "w": {"new": None},
            "492.5": "dotted",
            "QQQ-2026": "plain",
        },
    }


def test_an_update_through_something_that_is_no_map_puts_a_map_there(store: Documents) -> None:
    put(store, a={"x": 1})
    store.commit([Update(path="things/a", fields={"x.y": 2})])
    assert data_at(store, "things/a") == {"x": {"y": 2}}


def test_updating_a_missing_document_is_not_found(store: Documents) -> None:
    with pytest.raises(NotFound):
        store.commit([Update(path="things/a", fields={"n": 1})])


def test_markers_append_what_is_missing_and_add_to_numbers(store: Documents) -> None:
    put(store, a={"row": ["x"], "n": 1, "other": 5})
    store.commit(
        [
            Update(
                path="things/a",
                fields={
                    "row": AppendToList(("x", "y")),
                    "new_row": AppendToList(("z",)),
                    "n": Increment(2),
                    "map.count": Increment(-1),
                },
            )
        ]
    )
    assert data_at(store, "things/a") == {
        "row": ["x", "y"],
        "new_row": ["z"],
        "n": 3,
        "map": {"count": -1},
        "other": 5,
    }


def test_a_version_is_good_until_the_next_change(store: Documents) -> None:
    (first,) = store.commit([Create(path="things/a", data={"n": 1})])
    read = store.get("things/a")
    assert read is not None
    assert read.version == first
    (second,) = store.commit([Update(path="things/a", fields={"n": 2}, if_version=first)])
    assert second != first
    with pytest.raises(Conflict):
        store.commit([Update(path="things/a", fields={"n": 3}, if_version=first)])
    store.commit([Update(path="things/a", fields={"n": 3}, if_version=second)])
    assert data_at(store, "things/a") == {"n": 3}


def test_a_version_of_a_document_that_is_gone_is_a_conflict(store: Documents) -> None:
    (version,) = store.commit([Create(path="things/a", data={"n": 1})])
    store.commit([Delete(path="things/a")])
    with pytest.raises(Conflict):
        store.commit([Update(path="things/a", fields={"n": 3}, if_version=version)])


def test_deleting_twice_is_no_error(store: Documents) -> None:
    put(store, a={"n": 1})
    assert store.commit([Delete(path="things/a"), Create(path="things/b", data={})])[0] == ""
    store.commit([Delete(path="things/a")])
    assert store.get("things/a") is None
    assert data_at(store, "things/b") == {}


def test_an_empty_commit_does_nothing(store: Documents) -> None:
    assert store.commit([]) == ()


@pytest.mark.parametrize(
    "write",
    [
        Create(path="things", data={}),
        Create(path="things//x", data={}),
        Create(path="things/__x__", data={}),
        Create(path="things/a", data={"rate": 0.2}),
        Create(path="things/a", data={"at": AT.replace(tzinfo=None)}),
        Create(path="things/a", data={"rows": [[1]]}),
        Create(path="things/a", data={"rows": [{"x": [[1]]}]}),
        Create(path="things/a", data={"map": {"": 1}}),
        Create(path="things/a", data={"__x__": 1}),
        Create(path="things/a", data={"text": "\ud800"}),
        Create(path="things/a", data={"\ud800": 1}),
        Create(path="things/a", data={"n": 1 << 63}),
        Create(path="things/a", data={"text": "x" * 1_000_000}),
        Update(path="things/a", fields={}),
        Update(path="things/a", fields={"a..b": 1}),
        Update(path="things/a", fields={"a": 1, "a.b": 2}),
    ],
)
def test_what_cannot_be_stored_is_refused(store: Documents, write: Write) -> None:
    put(store, other={})
    with pytest.raises(InvalidInput):
        store.commit([write])


def test_a_commit_of_too_many_or_of_one_document_twice_is_refused(store: Documents) -> None:
    with pytest.raises(InvalidInput, match="500"):
        store.commit([Delete(path=f"things/{number}") for number in range(501)])
    with pytest.raises(InvalidInput, match="merge"):
        store.commit([Delete(path="things/a"), Create(path="things/a", data={})])


def test_a_query_without_an_order_is_in_the_order_of_ids(store: Documents) -> None:
    put(store, b={"n": 1}, a={"n": 2}, c={"n": 0}, B={"n": 2})
    store.commit([Create(path="others/d", data={"n": 2})])
    store.commit([Create(path="things/a/parts/e", data={"n": 2})])
    assert ids(store.find(Query(collection="things"))) == ["B", "a", "b", "c"]
    assert ids(store.find(Query(collection="things", limit=2))) == ["B", "a"]
    assert ids(store.find(Query(collection="things", filters=(Filter("n", ">", 0),)))) == [
        "B",
        "a",
        "b",
    ]
    assert ids(store.find(Query(collection="things/a/parts"))) == ["e"]


def test_all_conditions_of_a_query_hold(store: Documents) -> None:
    put(
        store,
        a={"day": "2026-11-27", "n": 1, "tags": ["x"]},
        b={"day": "2026-11-27", "n": 2, "tags": ["x", "y"]},
        c={"day": "2026-11-30", "n": 2, "tags": []},
        d={"day": None},
    )

    def found(*filters: Filter) -> list[str]:
        return ids(store.find(Query(collection="things", filters=filters)))

    assert found(Filter("day", "==", "2026-11-27"), Filter("n", "==", 2)) == ["b"]
    assert found(Filter("day", "in", ("2026-11-30", "2026-11-27")), Filter("n", "==", 2)) == [
        "b",
        "c",
    ]
    assert found(Filter("tags", "array-contains", "y")) == ["b"]
    assert found(Filter("day", "==", None)) == ["d"]
    assert found(Filter("day", "<", "2026-11-30")) == ["a", "b"]
    assert found(Filter("day", ">=", "2026-11-27"), Filter("day", "<=", "2026-11-27")) == [
        "a",
        "b",
    ]
    assert found(Filter("n", "==", True)) == []
    assert found(Filter("n", ">", "0")) == []
    assert found(Filter("missing", "==", 1)) == []


def test_a_query_reaches_into_maps(store: Documents) -> None:
    put(store, a={"m": {"x.y": 1}}, b={"m": {"x.y": 2}})
    query = Query(collection="things", filters=(Filter(field_path("m", "x.y"), "==", 2),))
    assert ids(store.find(query)) == ["b"]


def test_a_query_is_ordered_by_a_field_and_then_by_id(store: Documents) -> None:
    put(store, a={"n": 2}, b={"n": 1}, c={"n": 2}, d={"x": 1}, e={"n": None}, f={"n": "text"})
    assert ids(store.find(Query(collection="things", order_by="n"))) == ["e", "b", "a", "c", "f"]
    assert ids(store.find(Query(collection="things", order_by="-n", limit=3))) == ["f", "c", "a"]


def test_instants_compare_as_instants(store: Documents) -> None:
    put(store, a={"at": AT}, b={"at": AT + timedelta(microseconds=1)})
    query = Query(collection="things", filters=(Filter("at", ">", AT),), order_by="at")
    assert ids(store.find(query)) == ["b"]


def test_a_group_query_searches_every_collection_of_that_name(store: Documents) -> None:
    store.commit(
        [
            Create(path="followers/f2/terms/2026-01", data={"n": 1}),
            Create(path="followers/f1/terms/2026-02", data={"n": 1}),
            Create(path="terms/x", data={"n": 2}),
        ]
    )
    found = store.find(Query(collection="terms", group=True, filters=(Filter("n", "==", 1),)))
    assert [one.path for one in found] == [
        "followers/f1/terms/2026-02",
        "followers/f2/terms/2026-01",
    ]


def test_a_query_that_could_be_answered_in_two_ways_is_refused() -> None:
    with pytest.raises(InvalidInput, match="order_by"):
        Query(collection="things", filters=(Filter("n", ">", 1),), limit=1)
    with pytest.raises(InvalidInput, match="below 1"):
        Query(collection="things", limit=0)
    with pytest.raises(InvalidInput, match="tuple"):
        Query(collection="things", filters=(Filter("n", "in", ()),))


def test_a_transaction_reads_decides_and_writes(store: Documents) -> None:
    put(store, a={"n": 1}, b={"n": 5})

    def decide(read: tuple[Snapshot | None, ...]) -> tuple[Sequence[Write], str]:
        first, missing, second = read
        assert first is not None
        assert second is not None
        assert missing is None
        total = Increment(int(str(second.data["n"])))
        return (
            [
                Update(path="things/a", fields={"n": total}, if_version=first.version),
                Create(path="things/c", data={}),
            ],
            "done",
        )

    assert store.transact(["things/a", "things/c", "things/b"], decide) == "done"
    assert store.get("things/c") is not None
    assert data_at(store, "things/a") == {"n": 6}


def test_a_transaction_may_write_nothing_or_read_nothing(store: Documents) -> None:
    put(store, a={"n": 1})

    def look(read: tuple[Snapshot | None, ...]) -> tuple[Sequence[Write], int]:
        return (), len(read)

    def make(_: tuple[Snapshot | None, ...]) -> tuple[Sequence[Write], None]:
        return [Create(path="things/b", data={})], None

    assert store.transact(["things/a"], look) == 1
    store.transact([], make)
    assert ids(store.find(Query(collection="things"))) == ["a", "b"]


def test_a_decision_that_raises_writes_nothing_and_leaves_no_lock(store: Documents) -> None:
    put(store, a={"n": 1})

    def refuse(_: tuple[Snapshot | None, ...]) -> tuple[Sequence[Write], None]:
        raise InvalidInput("n", "no")

    with pytest.raises(InvalidInput):
        store.transact(["things/a"], refuse)
    store.commit([Update(path="things/a", fields={"n": 2})])
    assert data_at(store, "things/a") == {"n": 2}


@pytest.mark.parametrize(
    ("write", "error"),
    [
        (Create(path="things/a", data={}), Conflict),
        (Update(path="things/none", fields={"n": 1}), NotFound),
        (Update(path="things/a", fields={"n": 1}, if_version="9.000000000"), Conflict),
        (Create(path="things/b", data={"rate": 0.2}), InvalidInput),
    ],
)
def test_a_transaction_that_cannot_be_applied_says_why_and_leaves_no_lock(
    store: Documents, write: Write, error: type[Exception]
) -> None:
    put(store, other={}, a={"n": 0})

    def decide(_: tuple[Snapshot | None, ...]) -> tuple[Sequence[Write], None]:
        return [write, Create(path="things/c", data={})], None

    with pytest.raises(error):
        store.transact(["things/a"], decide)
    assert store.get("things/c") is None
    store.commit([Update(path="things/a", fields={"n": 2})])


def test_a_decision_runs_again_on_fresh_snapshots_and_not_for_ever() -> None:
    # In memory only: Firestore would make the competing write wait for the transaction's lock.
    store = InMemoryDocuments()
    put(store, a={"n": 0})
    seen: list[object] = []

    def disturbed(times: int) -> Callable[..., tuple[Sequence[Write], None]]:
        def decide(read: tuple[Snapshot | None, ...]) -> tuple[Sequence[Write], None]:
            seen.append(read[0] and read[0].data["n"])
            if len(seen) <= times:
                store.commit([Update(path="things/a", fields={"n": Increment(1)})])
            return [Update(path="things/a", fields={"done": True})], None

        return decide

    store.transact(["things/a"], disturbed(2))
    assert seen == [0, 1, 2]
    seen.clear()
    with pytest.raises(Conflict, match="contention"):
        store.transact(["things/a"], disturbed(100))
