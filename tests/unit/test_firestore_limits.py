"""What Firestore cannot hold: sizes as it documents them, index entries, paths."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from shared.adapters.firestore.limits import (
    MAX_INDEX_ENTRIES,
    check_collection_path,
    check_document_path,
    check_size,
    document_bytes,
    index_entries,
)
from shared.domain.errors import InvalidInput
from shared.ports.documents import field_path, split_field_path


def test_a_document_is_as_large_as_firestore_says_in_its_own_example() -> None:
    # https://cloud.google.com/firestore/docs/storage-size: users/jeff/tasks/my_task_id.
    data = {
        "type": "Personal",
        "done": False,
        "priority": 1,
        "description": "Learn Cloud Firestore",
    }
    assert document_bytes("users/jeff/tasks/my_task_id", data) == 147


def test_text_counts_in_bytes_and_instants_are_eight() -> None:
    empty = document_bytes("a/b", {})
    assert document_bytes("a/b", {"x": "€"}) == empty + 2 + 4
    assert document_bytes("a/b", {"x": datetime(2026, 1, 1, tzinfo=UTC)}) == empty + 2 + 8
    assert document_bytes("a/b", {"x": [None, {"y": "z"}]}) == empty + 2 + 1 + 4


def test_index_entries_count_each_field_up_and_down_and_each_element() -> None:
    assert index_entries("text") == 2
    assert index_entries(["a", "b"]) == 4
    assert index_entries({"x": 1, "y": {"z": []}}) == 2 + 2 + 2 + 2


def test_a_document_over_the_size_limit_is_refused() -> None:
    with pytest.raises(InvalidInput, match="split it"):
        check_size("things/a", {"text": "x" * 900 * 1024})


def test_too_many_index_entries_are_refused_unless_the_field_is_exempt() -> None:
    data = {"lines": {str(number): 1 for number in range(MAX_INDEX_ENTRIES // 2)}}
    with pytest.raises(InvalidInput, match="index entries"):
        check_size("things/a", data)
    check_size("boards/2026-11-27-0-0", data)
    check_size("things/a", data, {"things": {"lines"}})


@pytest.mark.parametrize("path", ["", "a", "a/", "/a", "a/b/c", "a/.", "a/..", "a/__b__", "a//b/c"])
def test_what_is_no_path_of_a_document_is_refused(path: str) -> None:
    with pytest.raises(InvalidInput):
        check_document_path(path)


def test_paths_of_documents_and_collections_are_told_apart() -> None:
    check_document_path("a/b/c/d")
    check_collection_path("a/b/c")
    with pytest.raises(InvalidInput):
        check_collection_path("a/b")


@pytest.mark.parametrize(
    "segments", [("a",), ("a", "b"), ("492.5",), ("a`b", "c\\d"), ("x y", "_z1", "ü")]
)
def test_a_field_path_splits_into_what_it_was_made_of(segments: tuple[str, ...]) -> None:
    assert split_field_path(field_path(*segments)) == segments


def test_simple_field_paths_need_no_quotes() -> None:
    assert field_path("map", "x_1") == "map.x_1"
    assert field_path("map", "QQQ-1") == "map.`QQQ-1`"
    assert split_field_path("map.QQQ-1") == ("map", "QQQ-1")


@pytest.mark.parametrize("path", ["", ".", "a.", ".a", "a..b", "`a", "a`b`", "`a`b"])
def test_what_is_no_field_path_is_refused(path: str) -> None:
    with pytest.raises(InvalidInput):
        split_field_path(path)
