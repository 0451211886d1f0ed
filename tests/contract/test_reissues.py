"""New ids for an order whose broker order has ended: durable before anything is sent."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from shared.adapters.firestore.codec import encode
from shared.adapters.firestore.leader_orders import FirestoreLeaderOrders
from shared.adapters.firestore.leases import FirestoreLeases
from shared.domain.errors import Conflict, InvariantBroken
from shared.domain.followers import Login, LoginId
from shared.domain.orders import Order, OrderState, order_ref_of
from shared.ports.documents import AsyncDocuments, Create, Update
from shared.ports.stored import Stored
from tests.builders import SESSION_DATE
from tests.desks import a_claimed_order

LOGIN = Login(login_id=LoginId("login-1"), host="ib", port=4003, client_id=11)
WORKING = replace(a_claimed_order(OrderState.WORKING, number=5), filled_quantity=2)


class Reissuing:
    """One working order in the database, and its leader."""

    def __init__(self, documents: AsyncDocuments, runner: asyncio.Runner) -> None:
        self.documents = documents
        self.orders = FirestoreLeaderOrders(documents)
        self.run = runner.run
        grant = runner.run(FirestoreLeases(documents).take(0, "me", seen=None))
        assert grant is not None
        self.token = grant.token
        path = f"orders/{WORKING.order_id}"
        runner.run(documents.commit([Create(path=path, data=encode(WORKING))]))

    def stored(self) -> Stored[Order]:
        (found,) = self.run(self.orders.of_session(SESSION_DATE, [LOGIN.login_id]))
        return found

    def reissue(self, order: Stored[Order], *, first_id: int = 1, token: int = 0) -> Stored[Order]:
        return self.run(
            self.orders.reissue(
                order,
                login=LOGIN,
                next_valid_id=first_id,
                shard=0,
                token=token or self.token,
            )
        )


@pytest.fixture
def reissuing(async_documents: AsyncDocuments, runner: asyncio.Runner) -> Reissuing:
    return Reissuing(async_documents, runner)


def test_new_ids_are_durable_and_the_old_ones_stay_on_the_order(reissuing: Reissuing) -> None:
    first = reissuing.reissue(reissuing.stored(), first_id=9)
    assert first == reissuing.stored()
    order = first.value
    assert (order.state, order.fencing_token) == (OrderState.RELEASING, reissuing.token)
    assert order.broker is not None
    assert order.broker.broker_order_id == 9
    assert order.broker.order_ref == order_ref_of(order.order_id, 2)
    assert order.broker.perm_id is None
    assert order.earlier_brokers == (WORKING.broker,)
    assert (order.earlier_filled_quantity, order.broker_quantity) == (2, 3)


def test_every_new_order_has_an_id_and_a_reference_of_its_own(reissuing: Reissuing) -> None:
    first = reissuing.reissue(reissuing.stored(), first_id=9)
    working = replace(first, value=replace(first.value, state=OrderState.WORKING))
    saved = reissuing.run(reissuing.orders.save(working))
    second = reissuing.reissue(saved).value
    assert second.broker is not None
    assert second.broker.broker_order_id == 10
    assert len(set(second.order_refs)) == 3
    assert all(len(ref) <= 20 for ref in second.order_refs)


def test_an_order_that_changed_since_it_was_read_gets_no_new_ids(reissuing: Reissuing) -> None:
    read = reissuing.stored()
    path = f"orders/{WORKING.order_id}"
    reissuing.run(reissuing.documents.commit([Update(path=path, fields={"detail": "edited"})]))
    with pytest.raises(Conflict):
        reissuing.reissue(read)
    assert reissuing.stored().value.broker == WORKING.broker


def test_only_the_leader_gives_new_ids(reissuing: Reissuing) -> None:
    with pytest.raises(Conflict):
        reissuing.reissue(reissuing.stored(), token=reissuing.token + 1)
    assert reissuing.stored().value == WORKING


@pytest.mark.parametrize(
    "order",
    [
        replace(WORKING, filled_quantity=5),
        replace(WORKING, state=OrderState.CANCELED),
        replace(WORKING, broker=None),
    ],
    ids=["filled", "ended", "never claimed"],
)
def test_nothing_is_put_behind_an_order_with_nothing_left(
    reissuing: Reissuing, order: Order
) -> None:
    stored = reissuing.stored()
    with pytest.raises(InvariantBroken):
        reissuing.reissue(replace(stored, value=order))
