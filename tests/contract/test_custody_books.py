"""What the watch over the accounts' holdings keeps, over memory and over Firestore."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from decimal import Decimal
from typing import TypeVar

import pytest

from shared.adapters.firestore.carried import FirestoreCarried
from shared.adapters.firestore.codec import encode
from shared.adapters.firestore.exercises import FirestoreExercises
from shared.adapters.firestore.external_trades import AsyncFirestoreExternalTrades
from shared.adapters.firestore.leases import FirestoreLeases
from shared.adapters.firestore.positions import AsyncFirestorePositions, FirestorePositions
from shared.adapters.firestore.quotes import AsyncFirestoreQuotes
from shared.domain.errors import Conflict
from shared.domain.exercises import ExerciseWish, exercise_id
from shared.domain.external_trades import ExternalTrade, external_trade, holding
from shared.domain.followers import AccountId, FollowerId, LoginId
from shared.domain.options import ContractKey
from shared.domain.orders import OrderId, OrderState
from shared.domain.positions import Position, position_id_of
from shared.domain.spreads import Side
from shared.ports.documents import AsyncDocuments, Create
from tests.builders import (
    NOON,
    SESSION_DATE,
    a_contract,
    a_fill,
    a_position,
    a_quote,
    a_spread,
    an_order,
)
from tests.contract.stores import Blocking

T = TypeVar("T")
ACCOUNT = AccountId("DU0000001")
LATER = "2026-12-04"


class Store:
    """The repositories over one store, and a way to run them."""

    def __init__(self, documents: AsyncDocuments, runner: asyncio.Runner) -> None:
        self.documents = documents
        self.blocking = Blocking(documents, runner)
        self.carried = FirestoreCarried(documents)
        self.external = AsyncFirestoreExternalTrades(documents)
        self.exercises = FirestoreExercises(documents)
        self.quotes = AsyncFirestoreQuotes(documents)
        self._runner = runner

    def run(self, coroutine: Coroutine[object, object, T]) -> T:
        return self._runner.run(coroutine)

    def lead(self) -> int:
        grant = self.run(FirestoreLeases(self.documents).take(0, "me", seen=None))
        assert grant is not None
        return grant.token

    def keep(self, *positions: Position) -> None:
        self.run(AsyncFirestorePositions(self.documents).save(positions))


@pytest.fixture
def store(async_documents: AsyncDocuments, runner: asyncio.Runner) -> Store:
    return Store(async_documents, runner)


def held(name: str, *, expiry: str = SESSION_DATE, sold: bool = False) -> Position:
    """A follower's position of one long contract, sold again or not."""
    spread = a_spread(expiry=expiry)
    fills = [a_fill(Side.BUY, 1, contract=spread.long_contract, exec_id="1")]
    if sold:
        fills.append(a_fill(Side.SELL, 1, contract=spread.long_contract, exec_id="2"))
    follower_id = FollowerId(name)
    return replace(
        a_position(fills, spread=spread),
        follower_id=follower_id,
        position_id=position_id_of(follower_id, spread),
    )


def a_wish(number: int = 1) -> ExerciseWish:
    position_id = position_id_of(FollowerId("anna"), a_spread())
    return ExerciseWish(
        exercise_id=exercise_id(position_id, number),
        position_id=position_id,
        follower_id=FollowerId("anna"),
        account_id=ACCOUNT,
        login_id=LoginId("login-1"),
        session_date=SESSION_DATE,
        contract_key=a_contract("585").key,
        quantity=5,
        asked_at=NOON,
        is_pending=True,
        fencing_token=1,
    )


def a_trade(quantity: int = 2, *, revision: str = "01") -> ExternalTrade:
    return external_trade(
        broker_exec_id=f"00beef.01.{revision}",
        account_id=ACCOUNT,
        session_date=SESSION_DATE,
        contract_key=a_contract("585").key,
        side=Side.SELL,
        quantity=quantity,
        price=Decimal("1.52"),
        perm_id=9,
        at=NOON,
    )


def test_open_and_just_expired_positions_are_carried_and_no_others(store: Store) -> None:
    open_one, expired = held("anna", expiry=LATER), held("bert", sold=True)
    closed = held("carl", expiry=LATER, sold=True)
    store.keep(open_one, expired, closed)
    found = store.run(store.carried.positions(expired_on=SESSION_DATE, also=()))
    assert found == (open_one, expired)


def test_a_position_that_is_named_is_read_whatever_it_holds(store: Store) -> None:
    closed = held("carl", expiry=LATER, sold=True)
    store.keep(closed)
    also = [closed.position_id, position_id_of(FollowerId("nobody"), a_spread())]
    assert store.run(store.carried.positions(expired_on=SESSION_DATE, also=also)) == (closed,)


def test_the_roll_up_finds_what_was_carried_into_a_session(store: Store) -> None:
    reader = FirestorePositions(store.blocking)
    before = replace(held("anna", expiry=LATER, sold=True), session_date="2026-11-25")
    late = replace(held("bert", expiry="2026-11-25"), session_date="2026-11-25")
    over = replace(held("carl", expiry="2026-11-25", sold=True), session_date="2026-11-25")
    store.keep(before, late, over, held("dora"))
    assert reader.carried_into(SESSION_DATE) == (before, late)
    assert reader.carried_into("2026-11-25") == ()
    assert reader.read([over.position_id, before.position_id]) == (over, before)


def test_unfinished_orders_of_any_session_are_found_by_login(store: Store) -> None:
    orders = [
        replace(an_order(state), order_id=OrderId(f"{name}~open"), login_id=LoginId(login))
        for name, state, login in (
            ("a", OrderState.WORKING, "login-1"),
            ("b", OrderState.UNCONFIRMED, "login-1"),
            ("c", OrderState.FILLED, "login-1"),
            ("d", OrderState.PLANNED, "login-1"),
            ("e", OrderState.RELEASING, "login-2"),
        )
    ]
    creates = [Create(path=f"orders/{one.order_id}", data=encode(one)) for one in orders]
    store.run(store.documents.commit(creates))
    found = store.run(store.carried.unfinished([LoginId("login-1")]))
    assert [one.value.order_id for one in found] == ["a~open", "b~open"]


def test_external_trades_are_kept_by_session_and_corrections_replace(store: Store) -> None:
    shares = holding(
        account_id=ACCOUNT,
        session_date=SESSION_DATE,
        contract_key=ContractKey("QQQ"),
        quantity=300,
        at=NOON,
    )
    store.run(store.external.record([a_trade(), shares]))
    store.run(store.external.record([a_trade(1, revision="02")]))
    assert store.run(store.external.of_session(SESSION_DATE)) == (a_trade(1, revision="02"), shares)
    assert store.run(store.external.of_session(LATER)) == ()


def test_an_exercise_is_written_down_once_and_stays_until_it_is_proved(store: Store) -> None:
    token, exercises = store.lead(), store.exercises
    assert store.run(exercises.ask(a_wish(), shard=0, token=token))
    assert not store.run(exercises.ask(a_wish(), shard=0, token=token))
    assert store.run(exercises.pending()) == (a_wish(),)
    store.run(exercises.prove(a_wish().exercise_id))
    assert store.run(exercises.pending()) == ()
    assert not store.run(exercises.ask(a_wish(), shard=0, token=token)), "never a second time"
    assert store.run(exercises.ask(a_wish(2), shard=0, token=token))


def test_who_does_not_hold_the_lease_asks_for_no_exercise(store: Store) -> None:
    token = store.lead()
    with pytest.raises(Conflict):
        store.run(store.exercises.ask(a_wish(), shard=0, token=token + 1))
    assert store.run(store.exercises.pending()) == ()


def test_the_gateway_reads_the_quotes_that_it_wrote(store: Store) -> None:
    quote = a_quote()
    store.run(store.quotes.write([quote]))
    keys = [quote.contract_key, ContractKey("SPY")]
    assert store.run(store.quotes.read(keys)) == {quote.contract_key: quote}
