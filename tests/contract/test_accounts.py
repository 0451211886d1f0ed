"""Accounts on record and what came before a session, over memory and over Firestore."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from decimal import Decimal
from typing import TypeVar

import pytest

from shared.adapters.firestore.accounts import AsyncFirestoreAccounts, FirestoreAccounts
from shared.adapters.firestore.daily_pnl import FirestoreDailyPnl, FirestoreEarlier
from shared.adapters.firestore.positions import AsyncFirestorePositions, FirestorePositions
from shared.domain.account_snapshot import AccountSnapshot
from shared.domain.daily_pnl import DailyPnl, DayExtent, roll_up
from shared.domain.followers import AccountId, FollowerId, LoginId
from shared.domain.options import ContractKey
from shared.domain.pnl import ProfitAndLoss
from shared.domain.positions import Position, PositionId
from shared.domain.session_record import Finality
from shared.domain.spreads import Side
from shared.ports.documents import AsyncDocuments
from tests.builders import NOON, SESSION_DATE, a_fill, a_position, a_spread, an_account
from tests.contract.stores import Blocking

T = TypeVar("T")
BEFORE, LATER = "2026-11-25", "2026-12-04"
ANNA, BERT = FollowerId("anna"), FollowerId("bert")


class Store:
    """The repositories over one store, and a way to run them."""

    def __init__(self, documents: AsyncDocuments, runner: asyncio.Runner) -> None:
        self.documents = documents
        self.blocking = Blocking(documents, runner)
        self.earlier = FirestoreEarlier(documents)
        self.reader = FirestoreAccounts(self.blocking)
        self._runner = runner

    def run(self, coroutine: Coroutine[object, object, T]) -> T:
        return self._runner.run(coroutine)

    def write(self, *snapshots: AccountSnapshot) -> None:
        self.run(AsyncFirestoreAccounts(self.documents).write(snapshots))


@pytest.fixture
def store(async_documents: AsyncDocuments, runner: asyncio.Runner) -> Store:
    return Store(async_documents, runner)


def a_day(date: str, follower_id: FollowerId, total: str) -> DailyPnl:
    return roll_up(
        session_date=date,
        follower_id=follower_id,
        totals=[],
        end=ProfitAndLoss(realized=Decimal(total)),
        extent=DayExtent(),
        commission_ratio=Decimal("0.2"),
        finality=Finality.PROVISIONAL,
        now=NOON,
    )


def a_held_position(name: str, *, expiry: str, opened_on: str, sold: bool = False) -> Position:
    spread = a_spread(expiry=expiry)
    fills = [a_fill(Side.BUY, 1, contract=spread.long_contract, exec_id="1")]
    if sold:
        fills.append(a_fill(Side.SELL, 1, contract=spread.long_contract, exec_id="2"))
    return replace(
        a_position(fills, spread=spread),
        position_id=PositionId(f"{name}~{spread.spread_id}"),
        session_date=opened_on,
    )


def test_accounts_are_kept_whole_and_the_last_word_stands(store: Store) -> None:
    other = an_account("DU0000002", agrees=False)
    full = replace(
        an_account(),
        quantities={ContractKey("QQQ"): 100, a_spread().long_contract.key: 5},
        equity_with_loan=Decimal("100000.25"),
        currency="USD",
    )
    store.write(an_account(), other)
    store.write(full)
    assert store.reader.all() == (full, other)


def test_accounts_are_read_by_id_without_the_missing(store: Store) -> None:
    unowned = replace(an_account(), follower_id=None, login_id=LoginId("login-9"))
    store.write(unowned, an_account("DU0000002"))
    wanted = [AccountId("DU0000001"), AccountId("DU0000009")]
    assert store.reader.get_many(wanted) == {wanted[0]: unowned}


def test_what_was_carried_into_a_session_is_the_same_for_functions_and_gateway(
    store: Store,
) -> None:
    positions = (
        a_held_position("anna", expiry=LATER, opened_on=BEFORE, sold=True),
        a_held_position("bert", expiry=BEFORE, opened_on=BEFORE),
        a_held_position("carl", expiry=BEFORE, opened_on=BEFORE, sold=True),
        a_held_position("dora", expiry=LATER, opened_on=SESSION_DATE),
    )
    store.run(AsyncFirestorePositions(store.documents).save(positions))
    found = store.run(store.earlier.carried_into(SESSION_DATE))
    assert found == positions[:2]
    assert found == FirestorePositions(store.blocking).carried_into(SESSION_DATE)
    ids = [positions[2].position_id, PositionId("nobody~x"), positions[0].position_id]
    assert store.run(store.earlier.positions(ids)) == (positions[2], positions[0])


def test_days_are_read_by_session_and_follower_without_the_missing(store: Store) -> None:
    days = [a_day(BEFORE, ANNA, "1"), a_day(SESSION_DATE, ANNA, "2"), a_day(BEFORE, BERT, "3")]
    FirestoreDailyPnl(store.blocking).write(days)
    wanted = [(SESSION_DATE, ANNA), (SESSION_DATE, BERT), (BEFORE, BERT)]
    assert store.run(store.earlier.days(wanted)) == (days[1], days[2])
