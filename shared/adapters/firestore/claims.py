"""Claiming orders: each gets its ids at the broker, never used before; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from shared.adapters.firestore.orders import order_path
from shared.adapters.firestore.records import conditional, read, replacement
from shared.domain.followers import Login, LoginId
from shared.domain.order_life import reissued
from shared.domain.orders import BrokerIds, Order, OrderState, moved, order_ref_of
from shared.ports.documents import Snapshot, Write
from shared.ports.stored import Stored


@dataclass(frozen=True, kw_only=True, slots=True)
class _Counter:
    """The next order id of one client on one login."""

    next_id: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """A claim of several orders, ready to be decided in a transaction.

    Attributes:
        orders: Planned orders as they were read, in id order.
        logins: The login of each order.
        first_ids: Lowest order id that the broker will take, by login.
    """

    orders: tuple[Stored[Order], ...]
    logins: Mapping[LoginId, Login]
    first_ids: Mapping[LoginId, int]

    @property
    def paths(self) -> tuple[str, ...]:
        """What the transaction reads: the counters of the logins, then the orders."""
        counters = [_counter_path(login) for login in self.logins.values()]
        return (*counters, *(order_path(one.value.order_id) for one in self.orders))

    def decided(
        self, found: Sequence[Snapshot | None], token: int
    ) -> tuple[tuple[Write, ...], list[Order]]:
        """Give ids to the orders that did not change since they were read.

        Args:
            found: Snapshots of `paths`.
            token: Our fencing token.

        Returns:
            The writes, orders first, and the claimed orders in the same order.
        """
        next_ids = self._next_ids(found[: len(self.logins)])
        claimed: list[Stored[Order]] = []
        for order, snapshot in zip(self.orders, found[len(self.logins) :], strict=True):
            if snapshot is None or snapshot.version != order.version:
                continue
            login = self.logins[order.value.login_id]
            number = next_ids[login.login_id]
            next_ids[login.login_id] = number + 1
            value = _claimed(order.value, login, number, token)
            claimed.append(Stored(value=value, version=order.version))
        orders = [conditional(order_path(one.value.order_id), one) for one in claimed]
        used = {one.value.login_id for one in claimed}
        counters = [
            replacement(_counter_path(login), _Counter(next_id=next_ids[login_id]))
            for login_id, login in self.logins.items()
            if login_id in used
        ]
        return (*orders, *counters), [one.value for one in claimed]

    def _next_ids(self, counters: Sequence[Snapshot | None]) -> dict[LoginId, int]:
        next_ids = dict(self.first_ids)
        for login_id, snapshot in zip(self.logins, counters, strict=True):
            if snapshot is not None:
                kept = read(_Counter, snapshot).next_id
                next_ids[login_id] = max(kept, next_ids[login_id])
        return next_ids


@dataclass(frozen=True, kw_only=True, slots=True)
class Reissue:
    """New ids for an order whose broker order has ended, ready to be decided in a transaction.

    Attributes:
        order: The order as it was read.
        login: Its login.
        first_id: Lowest order id that the broker will take.
    """

    order: Stored[Order]
    login: Login
    first_id: int

    @property
    def counter_path(self) -> str:
        """The counter that the transaction reads."""
        return _counter_path(self.login)

    def decided(self, counter: Snapshot | None, token: int) -> tuple[tuple[Write, ...], Order]:
        """Give the next id; returns the writes, the order's first, and the order."""
        kept = 0 if counter is None else read(_Counter, counter).next_id
        number = max(kept, self.first_id)
        value = replace(reissued(self.order.value, number), fencing_token=token)
        writes = (
            conditional(
                order_path(value.order_id), Stored(value=value, version=self.order.version)
            ),
            replacement(self.counter_path, _Counter(next_id=number + 1)),
        )
        return writes, value


def plan_claim(
    orders: Sequence[Stored[Order]],
    *,
    logins: Mapping[LoginId, Login],
    next_valid_ids: Mapping[LoginId, int],
) -> Claim:
    """Prepare a claim of a part of the orders.

    Raises:
        KeyError: An order's login is missing from `logins` or `next_valid_ids`.
    """
    needed = sorted({one.value.login_id for one in orders})
    return Claim(
        orders=tuple(orders),
        logins={login_id: logins[login_id] for login_id in needed},
        first_ids={login_id: next_valid_ids[login_id] for login_id in needed},
    )


def _claimed(order: Order, login: Login, number: int, token: int) -> Order:
    return replace(
        moved(order, OrderState.CLAIMED),
        fencing_token=token,
        broker=BrokerIds(
            order_ref=order_ref_of(order.order_id),
            client_id=login.client_id,
            broker_order_id=number,
        ),
    )


def _counter_path(login: Login) -> str:
    return f"counters/{login.login_id}-{login.client_id}"
