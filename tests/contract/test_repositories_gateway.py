"""Repositories of the gateway, over memory and over Firestore."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import TypeVar

import pytest

from shared.adapters.firestore.boards import AsyncFirestoreBoards, FirestoreBoards
from shared.adapters.firestore.codec import encode
from shared.adapters.firestore.fills import AsyncFirestoreFills, FirestoreFills
from shared.adapters.firestore.followers import AsyncFirestoreFollowers
from shared.adapters.firestore.leader_orders import FirestoreLeaderOrders
from shared.adapters.firestore.leases import FirestoreLeases
from shared.adapters.firestore.positions import AsyncFirestorePositions, FirestorePositions
from shared.adapters.firestore.quotes import AsyncFirestoreQuotes, FirestoreQuotes
from shared.adapters.firestore.settings_book import AsyncFirestoreSettings
from shared.adapters.firestore.signals import AsyncFirestoreSignals
from shared.domain.boards import Board, board_line
from shared.domain.controls import TradingMode
from shared.domain.errors import Conflict, InvalidInput
from shared.domain.followers import FollowerId, FollowerState, Login, LoginId
from shared.domain.orders import Order, OrderState, moved, opening_order_id, order_ref_of
from shared.domain.positions import empty_position
from shared.domain.trading_settings import TradingSettings
from shared.ports.documents import AsyncDocuments, Create, Documents, Replace, Update
from shared.ports.stored import Stored
from tests.builders import (
    NOON,
    SESSION_DATE,
    SIGNAL_ID,
    a_contract,
    a_fill,
    a_follower,
    a_quote,
    a_spread,
    an_order,
)
from tests.contract.records import RECORD, a_signal
from tests.contract.stores import Blocking

T = TypeVar("T")

LOGINS = {
    LoginId(name): Login(login_id=LoginId(name), host="ib", port=4003, client_id=client)
    for name, client in (("login-1", 7), ("login-2", 8))
}


class Gateway:
    """The repositories over one store, and a way to run them."""

    def __init__(self, documents: AsyncDocuments, runner: asyncio.Runner) -> None:
        self.documents = documents
        self.blocking: Documents = Blocking(documents, runner)
        self.orders = FirestoreLeaderOrders(documents)
        self.leases = FirestoreLeases(documents)
        self._runner = runner

    def run(self, coroutine: Coroutine[object, object, T]) -> T:
        return self._runner.run(coroutine)

    def lead(self) -> int:
        grant = self.run(self.leases.take(0, "me", seen=None))
        assert grant is not None
        return grant.token

    def plan(self, orders: Sequence[Order]) -> tuple[Stored[Order], ...]:
        self.blocking.commit(
            [Create(path=f"orders/{one.order_id}", data=encode(one)) for one in orders]
        )
        return self.run(self.orders.of_session(SESSION_DATE, list(LOGINS)))

    def claim(
        self, orders: Sequence[Stored[Order]], token: int, first_id: int = 1
    ) -> tuple[Stored[Order], ...]:
        stamped = [
            Stored(value=replace(one.value, claimed_at=NOON), version=one.version) for one in orders
        ]
        return self.run(
            self.orders.claim(
                stamped,
                logins=LOGINS,
                next_valid_ids=dict.fromkeys(LOGINS, first_id),
                shard=0,
                token=token,
            )
        )


@pytest.fixture
def gateway(async_documents: AsyncDocuments, runner: asyncio.Runner) -> Gateway:
    return Gateway(async_documents, runner)


def an_order_of(name: str, login: str = "login-1") -> Order:
    return replace(
        an_order(),
        order_id=opening_order_id(SIGNAL_ID, FollowerId(name)),
        follower_id=FollowerId(name),
        login_id=LoginId(login),
    )


def states(orders: Sequence[Stored[Order]]) -> list[OrderState]:
    return [one.value.state for one in orders]


def broker_ids(orders: Sequence[Stored[Order]]) -> list[int]:
    return [one.value.broker.broker_order_id for one in orders if one.value.broker]


def releasing(orders: Sequence[Stored[Order]]) -> list[Stored[Order]]:
    return [
        Stored(value=moved(one.value, OrderState.RELEASING), version=one.version) for one in orders
    ]


def test_a_lease_is_taken_once_and_renewed(gateway: Gateway) -> None:
    leases = gateway.leases
    assert gateway.run(leases.look(0)) is None
    grant = gateway.run(leases.take(0, "me", seen=None))
    assert grant is not None
    assert grant.token == 1
    assert gateway.run(leases.take(0, "you", seen=None)) is None
    seen = gateway.run(leases.look(0))
    assert seen is not None
    assert (seen.holder, seen.token, seen.version) == ("me", 1, grant.heartbeat_version)
    renewed = gateway.run(leases.renew(grant))
    assert renewed.heartbeat_version != grant.heartbeat_version
    assert gateway.run(leases.take(0, "you", seen=seen)) is None
    assert gateway.run(leases.look(1)) is None


def test_a_taken_lease_cannot_be_renewed_or_given_back_by_its_old_holder(
    gateway: Gateway,
) -> None:
    leases = gateway.leases
    old = gateway.run(leases.take(0, "me", seen=None))
    assert old is not None
    new = gateway.run(leases.take(0, "you", seen=gateway.run(leases.look(0))))
    assert new is not None
    assert new.token == 2
    with pytest.raises(Conflict):
        gateway.run(leases.renew(old))
    gateway.run(leases.give_back(old))
    seen = gateway.run(leases.look(0))
    assert seen is not None
    assert seen.holder == "you"
    gateway.run(leases.renew(new))


def test_a_lease_given_back_has_no_holder_and_the_next_token_is_higher(
    gateway: Gateway,
) -> None:
    leases = gateway.leases
    grant = gateway.run(leases.take(0, "me", seen=None))
    assert grant is not None
    gateway.run(leases.give_back(grant))
    seen = gateway.run(leases.look(0))
    assert seen is not None
    assert (seen.holder, seen.token) == ("", 1)
    again = gateway.run(leases.take(0, "me", seen=seen))
    assert again is not None
    assert again.token == 2


def test_claimed_orders_get_ids_at_the_broker_that_are_never_used_again(
    gateway: Gateway,
) -> None:
    token = gateway.lead()
    planned = gateway.plan([an_order_of("carla"), an_order_of("anna"), an_order_of("b", "login-2")])
    claimed = gateway.claim(planned[::-1], token, first_id=5)
    assert [one.value.follower_id for one in claimed] == ["anna", "b", "carla"]
    assert broker_ids(claimed) == [5, 5, 6]
    assert claimed == gateway.run(gateway.orders.of_session(SESSION_DATE, list(LOGINS)))
    first = claimed[0].value
    assert first.state is OrderState.CLAIMED
    assert first.fencing_token == token
    assert first.claimed_at == NOON
    assert first.broker is not None
    assert first.broker.order_ref == order_ref_of(first.order_id)
    assert first.broker.client_id == 7
    later = gateway.plan([an_order_of("dora")])
    assert broker_ids(gateway.claim(later[3:], token)) == [7]
    raised = gateway.plan([an_order_of("emil")])
    assert broker_ids(gateway.claim(raised[4:], token, first_id=100)) == [100]


def test_an_order_that_changed_since_it_was_read_is_not_claimed(gateway: Gateway) -> None:
    token = gateway.lead()
    planned = gateway.plan([an_order_of("anna"), an_order_of("berta")])
    path = f"orders/{planned[0].value.order_id}"
    gateway.blocking.commit([Update(path=path, fields={"detail": "edited"})])
    claimed = gateway.claim(planned, token)
    assert [one.value.follower_id for one in claimed] == ["berta"]
    assert broker_ids(claimed) == [1]


def test_only_the_leader_claims_and_releases(gateway: Gateway) -> None:
    token = gateway.lead()
    gateway.blocking.commit([Create(path="controls/trading", data={"mode": "normal"})])
    planned = gateway.plan([an_order_of("anna")])
    with pytest.raises(Conflict):
        gateway.claim(planned, token + 1)
    claimed = gateway.claim(planned, token)
    with pytest.raises(Conflict):
        gateway.run(gateway.orders.release(releasing(claimed), shard=0, token=token - 1))
    assert states(gateway.run(gateway.orders.of_session(SESSION_DATE, list(LOGINS)))) == [
        OrderState.CLAIMED
    ]


def test_orders_are_released_only_while_the_switch_lets_them_open(gateway: Gateway) -> None:
    token = gateway.lead()
    claimed = gateway.claim(gateway.plan([an_order_of("anna"), an_order_of("berta")]), token)
    release = releasing(claimed)
    halted = gateway.run(gateway.orders.release(release, shard=0, token=token))
    assert halted == (TradingMode.HALTED, ())
    gateway.blocking.commit([Create(path="controls/trading", data={"mode": "normal"})])
    mode, released = gateway.run(gateway.orders.release(release, shard=0, token=token))
    assert mode is TradingMode.NORMAL
    assert released == gateway.run(gateway.orders.of_session(SESSION_DATE, list(LOGINS)))
    assert states(released) == [OrderState.RELEASING] * 2
    with pytest.raises(Conflict):
        gateway.run(gateway.orders.release(release, shard=0, token=token))


def test_an_order_is_saved_only_on_its_own_version(gateway: Gateway) -> None:
    token = gateway.lead()
    (claimed,) = gateway.claim(gateway.plan([an_order_of("anna")]), token)
    (first,) = releasing([claimed])
    saved = gateway.run(gateway.orders.save(first))
    assert saved.value == first.value
    with pytest.raises(Conflict):
        gateway.run(gateway.orders.save(first))
    working = Stored(value=moved(saved.value, OrderState.WORKING), version=saved.version)
    (again,) = gateway.run(gateway.orders.save_all([working]))
    assert gateway.run(gateway.orders.of_session(SESSION_DATE, list(LOGINS))) == (again,)


def test_orders_of_other_logins_and_sessions_are_not_ours(gateway: Gateway) -> None:
    gateway.plan([an_order_of("anna"), an_order_of("berta", "login-9")])
    found = gateway.run(gateway.orders.of_session(SESSION_DATE, list(LOGINS)))
    assert [one.value.follower_id for one in found] == ["anna"]
    assert gateway.run(gateway.orders.of_session("2026-11-30", list(LOGINS))) == ()


def test_a_new_leader_restamps_every_claimed_order_and_deposes_the_old(
    gateway: Gateway,
) -> None:
    token = gateway.lead()
    claimed = gateway.claim(gateway.plan([an_order_of("anna"), an_order_of("berta")]), token)
    gateway.plan([an_order_of("carla")])
    done = moved(claimed[1].value, OrderState.REJECTED)
    gateway.run(gateway.orders.save(Stored(value=done, version=claimed[1].version)))
    seen = gateway.run(gateway.leases.look(0))
    assert gateway.run(gateway.leases.take(0, "you", seen=seen)) is not None

    async def restamp(with_token: int) -> tuple[Stored[Order], ...]:
        return await gateway.orders.restamp(SESSION_DATE, list(LOGINS), shard=0, token=with_token)

    restamped = gateway.run(restamp(token + 1))
    assert [(one.value.follower_id, one.value.fencing_token) for one in restamped] == [
        ("anna", token + 1)
    ]
    with pytest.raises(Conflict):
        gateway.run(gateway.orders.save(releasing(claimed)[0]))
    with pytest.raises(Conflict):
        gateway.run(restamp(token))
    gateway.run(gateway.orders.save(releasing(restamped)[0]))


def test_a_fill_gives_way_only_to_something_newer(gateway: Gateway) -> None:
    fills = AsyncFirestoreFills(gateway.documents)
    unpaid = replace(a_fill(fee=None), exec_id=a_fill(exec_id="0002").exec_id)
    paid = replace(unpaid, fee=Decimal("0.65"))
    other = a_fill(exec_id="0001")
    corrected = replace(unpaid, revision="02", price=Decimal("1.01"))
    gateway.run(fills.record([unpaid, other]))
    gateway.run(fills.record([paid]))
    gateway.run(fills.record([unpaid]))
    assert gateway.run(fills.of_session(SESSION_DATE)) == (other, paid)
    gateway.run(fills.record([corrected, paid]))
    gateway.run(fills.record([paid]))
    expected = replace(corrected, fee=Decimal("0.65"))
    assert FirestoreFills(gateway.blocking).of_session(SESSION_DATE) == (other, expected)
    gateway.run(fills.record([]))


def test_positions_boards_and_quotes_are_replaced(gateway: Gateway) -> None:
    positions = AsyncFirestorePositions(gateway.documents)
    boards = AsyncFirestoreBoards(gateway.documents)
    quotes = AsyncFirestoreQuotes(gateway.documents)
    one = empty_position(
        follower_id=FollowerId("anna"),
        account_id=a_follower().account_id,
        session_date=SESSION_DATE,
        spread=a_spread(),
    )
    closing = replace(one, live_closing_order_id="x")
    gateway.run(positions.save([one]))
    gateway.run(positions.save([closing]))
    assert gateway.run(positions.of_session(SESSION_DATE)) == (closing,)
    assert FirestorePositions(gateway.blocking).of_session(SESSION_DATE) == (closing,)

    line = board_line(an_order(OrderState.WORKING), [closing])
    for part, name in ((1, "anna"), (0, "berta"), (0, "carla")):
        board = Board(
            session_date=SESSION_DATE,
            shard=0,
            part=part,
            lines={name: replace(line, follower_id=FollowerId(name))},
            written_at=NOON,
        )
        gateway.run(boards.write([board]))
    lines = FirestoreBoards(gateway.blocking).lines(SESSION_DATE)
    assert [one.follower_id for one in lines] == ["anna", "carla"]
    assert lines[0] == replace(line, follower_id=FollowerId("anna"))

    quote = a_quote(contract=a_contract("492.5"))
    fresher = replace(quote, at=NOON + timedelta(seconds=1))
    gateway.run(quotes.write([quote]))
    gateway.run(quotes.write([fresher]))
    assert FirestoreQuotes(gateway.blocking).read([quote.contract_key]) == {
        quote.contract_key: fresher
    }


def test_the_gateway_reads_followers_logins_and_active_signals(gateway: Gateway) -> None:
    active, archived = a_follower("anna"), a_follower("berta")
    other = replace(LOGINS[LoginId("login-2")], shard=1)
    gateway.blocking.commit(
        [
            Create(path="followers/anna", data=encode(active)),
            Create(
                path="followers/berta",
                data=encode(replace(archived, state=FollowerState.ARCHIVED)),
            ),
            Create(path="logins/login-1", data=encode(LOGINS[LoginId("login-1")])),
            Create(path="logins/login-2", data=encode(other)),
        ]
    )
    followers = AsyncFirestoreFollowers(gateway.documents)
    assert gateway.run(followers.all()) == (active,)
    assert gateway.run(followers.logins(0)) == (LOGINS[LoginId("login-1")],)
    assert gateway.run(followers.logins(1)) == (other,)
    signals = AsyncFirestoreSignals(gateway.documents)
    assert gateway.run(signals.active(SESSION_DATE)) == ()
    record = replace(RECORD, active_signals={"QQQ": SIGNAL_ID, "SPY": "2026-11-27-SPY-1"})
    gateway.blocking.commit(
        [
            Create(path=f"sessions/{SESSION_DATE}", data=encode(record)),
            Create(path=f"signals/{SIGNAL_ID}", data=encode(a_signal())),
            Create(path="signals/2026-11-27-SPY-1", data=encode(a_signal(1, "SPY"))),
        ]
    )
    assert gateway.run(signals.active(SESSION_DATE)) == (a_signal(), a_signal(1, "SPY"))


@pytest.mark.parametrize(
    ("data", "mode"),
    [
        (None, None),
        ({"mode": "normal"}, TradingMode.NORMAL),
        ({"mode": "frozen"}, TradingMode.FROZEN),
        ({"mode": "Normal"}, None),
        ({"mode": 1}, None),
        ({}, None),
    ],
)
def test_a_switch_says_a_mode_we_know_or_is_refused(
    gateway: Gateway, data: dict[str, object] | None, mode: TradingMode | None
) -> None:
    controls = AsyncFirestoreSettings(gateway.documents)
    if data is not None:
        gateway.blocking.commit([Replace(path="controls/trading", data=data)])
    if mode is None:
        with pytest.raises(InvalidInput, match="controls/trading: mode is"):
            gateway.run(controls.mode())
    else:
        assert gateway.run(controls.mode()) is mode
    assert gateway.run(controls.trading()) == TradingSettings()
