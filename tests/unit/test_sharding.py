"""Shards: who serves a login, and what makes one unfit to be served."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.domain.followers import Login, LoginId
from shared.domain.sharding import faults_of_login, logins_of_shard

LOGIN = Login(login_id=LoginId("a"), host="ib", port=4003, client_id=11)


def logins(**shards: int) -> list[Login]:
    return [replace(LOGIN, login_id=LoginId(key), shard=shard) for key, shard in shards.items()]


def served(frozen: dict[str, int] | None, shard: int, **shards: int) -> list[str]:
    return [one.login_id for one in logins_of_shard(logins(**shards), frozen, shard)]


def test_before_the_map_is_frozen_a_login_goes_by_its_own_shard() -> None:
    assert served(None, 0, a=0, b=1, c=0) == ["a", "c"]
    assert served(None, 1, a=0, b=1, c=0) == ["b"]


def test_once_frozen_the_map_decides_and_newcomers_go_by_their_own() -> None:
    assert served({"a": 1, "b": 1}, 1, a=0, b=1, c=0) == ["a", "b"]
    assert served({"a": 1, "b": 1}, 0, a=0, b=1, c=0) == ["c"]


def test_every_login_is_served_by_exactly_one_shard() -> None:
    shards = {f"l{n}": n % 4 for n in range(20)}
    frozen = {f"l{n}": (n + 1) % 4 for n in range(12)}
    found = [name for shard in range(4) for name in served(frozen, shard, **shards)]
    assert sorted(found) == sorted(shards)


@pytest.mark.parametrize(
    ("login", "words"),
    [
        (LOGIN, ""),
        (replace(LOGIN, two_factor_due="2026-11-29"), ""),
        (replace(LOGIN, host=""), "host is empty"),
        (replace(LOGIN, port=0), "port 0 is none"),
        (replace(LOGIN, port=70_000), "write 1 to 65535"),
        (replace(LOGIN, client_id=0), "client_id 0"),
        (replace(LOGIN, client_id=111), "write 1 to 99"),
        (replace(LOGIN, two_factor_due="Sunday"), "write YYYY-MM-DD"),
        (replace(LOGIN, two_factor_due="20261129"), "write YYYY-MM-DD"),
    ],
)
def test_an_unfit_login_is_told_by_field_and_remedy(login: Login, words: str) -> None:
    found = faults_of_login(login)
    assert (words in found) if words else found == ""
