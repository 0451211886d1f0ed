"""Orders as their shard's leader sees them: `orders/{order_id}`, every write conditional."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from shared.adapters.firestore.claims import Claim, Reissue, plan_claim
from shared.adapters.firestore.leases import lease_path, require_token
from shared.adapters.firestore.orders import order_path
from shared.adapters.firestore.records import conditional, in_parts, of_session, read_stored
from shared.adapters.firestore.settings_book import CONTROLS_PATH, mode_in
from shared.domain.controls import TradingMode
from shared.domain.errors import Conflict
from shared.domain.followers import Login, LoginId
from shared.domain.orders import Order, OrderState
from shared.ports.documents import AsyncDocuments, Filter, Query, Snapshot, Update, Write
from shared.ports.stored import Stored

CLAIMS_PER_TRANSACTION = 100
RELEASES_PER_TRANSACTION = 250
RESTAMP_ATTEMPTS = 5
_PLANNED = Query(collection="orders", filters=(Filter("state", "==", OrderState.PLANNED.value),))
"""By the state alone: few orders of other sessions have it, and no second index is needed."""


class FirestoreLeaderOrders:
    """`LeaderOrders` in a document database."""

    def __init__(self, documents: AsyncDocuments) -> None:
        self._documents = documents

    async def of_session(
        self, session_date: str, login_ids: Sequence[LoginId]
    ) -> tuple[Stored[Order], ...]:
        """Read the session's orders of these logins, in id order."""
        ours = frozenset(login_ids)
        found = await self._documents.find(of_session("orders", session_date))
        return tuple(read_stored(Order, one) for one in found if one.data.get("login_id") in ours)

    async def planned(
        self, session_date: str, login_ids: Sequence[LoginId]
    ) -> tuple[Stored[Order], ...]:
        """Read those of them that are still planned, in id order."""
        ours = frozenset(login_ids)
        found = await self._documents.find(_PLANNED)
        return tuple(
            read_stored(Order, one)
            for one in found
            if one.data.get("session_date") == session_date and one.data.get("login_id") in ours
        )

    async def claim(
        self,
        orders: Sequence[Stored[Order]],
        *,
        logins: Mapping[LoginId, Login],
        next_valid_ids: Mapping[LoginId, int],
        shard: int,
        token: int,
    ) -> tuple[Stored[Order], ...]:
        """Move planned orders to claimed with their ids at the broker; see `LeaderOrders`.

        Raises:
            Conflict: The lease does not hold our token.
            KeyError: An order's login is missing from `logins` or `next_valid_ids`.
        """
        claimed: list[Stored[Order]] = []
        for part in in_parts(_by_id(orders), CLAIMS_PER_TRANSACTION):
            claim = plan_claim(part, logins=logins, next_valid_ids=next_valid_ids)
            claimed.extend(await self._claim_part(claim, shard, token))
        return tuple(claimed)

    async def reissue(
        self, order: Stored[Order], *, login: Login, next_valid_id: int, shard: int, token: int
    ) -> Stored[Order]:
        """Put a new broker order's ids behind an order, durably; see `LeaderOrders`.

        Raises:
            Conflict: The lease does not hold our token, or the order changed.
        """
        reissue = Reissue(order=order, login=login, first_id=next_valid_id)

        def decide(found: tuple[Snapshot | None, ...]) -> tuple[Sequence[Write], Order]:
            require_token(found[0], token)
            return reissue.decided(found[1], token)

        value, versions = await self._documents.transact_with_versions(
            [lease_path(shard), reissue.counter_path], decide
        )
        return Stored(value=value, version=versions[0])

    async def release(
        self, orders: Sequence[Stored[Order]], *, shard: int, token: int
    ) -> tuple[TradingMode, tuple[Stored[Order], ...]]:
        """Write orders moved to releasing, if the kill switch lets them open.

        Where the switch turns between two transactions, the mode is the one read last and the
        orders are those of the transactions before.

        Raises:
            Conflict: The lease does not hold our token, or an order changed.
        """
        mode, released = TradingMode.NORMAL, list[Stored[Order]]()
        for part in in_parts(_by_id(orders), RELEASES_PER_TRANSACTION):
            mode, versions = await self._release_part(part, shard, token)
            if not mode.may_open:
                break
            released.extend(_reversioned(part, versions))
        return mode, tuple(released)

    async def save(self, order: Stored[Order]) -> Stored[Order]:
        """Write one order on condition of its version."""
        (saved,) = await self.save_all([order])
        return saved

    async def save_all(self, orders: Sequence[Stored[Order]]) -> tuple[Stored[Order], ...]:
        """Write several orders, each on condition of its version."""
        saved: list[Stored[Order]] = []
        for part in in_parts(orders):
            versions = await self._documents.commit([_saving(one) for one in part])
            saved.extend(_reversioned(part, versions))
        return tuple(saved)

    async def restamp(
        self, session_date: str, login_ids: Sequence[LoginId], *, shard: int, token: int
    ) -> tuple[Stored[Order], ...]:
        """Put our token on every claimed order that is not terminal, in id order.

        Raises:
            Conflict: The lease does not hold our token, or orders went on changing.
        """
        for _ in range(RESTAMP_ATTEMPTS - 1):
            try:
                return await self._restamp_once(session_date, login_ids, shard, token)
            except Conflict:
                # A deposed leader may write until its orders carry the new token.
                require_token(await self._documents.get(lease_path(shard)), token)
        return await self._restamp_once(session_date, login_ids, shard, token)

    async def _claim_part(self, claim: Claim, shard: int, token: int) -> list[Stored[Order]]:
        def decide(
            found: tuple[Snapshot | None, ...],
        ) -> tuple[Sequence[Write], list[Order]]:
            require_token(found[0], token)
            return claim.decided(found[1:], token)

        orders, versions = await self._documents.transact_with_versions(
            [lease_path(shard), *claim.paths], decide
        )
        return [
            Stored(value=order, version=version)
            for order, version in zip(orders, versions[: len(orders)], strict=True)
        ]

    async def _release_part(
        self, orders: Sequence[Stored[Order]], shard: int, token: int
    ) -> tuple[TradingMode, tuple[str, ...]]:
        def decide(found: tuple[Snapshot | None, ...]) -> tuple[Sequence[Write], TradingMode]:
            controls, lease = found
            require_token(lease, token)
            mode = mode_in(controls)
            return [_saving(one) for one in orders] if mode.may_open else (), mode

        return await self._documents.transact_with_versions(
            [CONTROLS_PATH, lease_path(shard)], decide
        )

    async def _restamp_once(
        self, session_date: str, login_ids: Sequence[LoginId], shard: int, token: int
    ) -> tuple[Stored[Order], ...]:
        found = await self.of_session(session_date, login_ids)
        restamped: list[Stored[Order]] = []
        for part in in_parts([one for one in found if _is_open(one.value)]):
            restamped.extend(await self._restamp_part(part, shard, token))
        return tuple(restamped)

    async def _restamp_part(
        self, orders: Sequence[Stored[Order]], shard: int, token: int
    ) -> list[Stored[Order]]:
        ours = [
            Stored(value=replace(one.value, fencing_token=token), version=one.version)
            for one in orders
        ]

        def decide(found: tuple[Snapshot | None, ...]) -> tuple[Sequence[Write], None]:
            require_token(found[0], token)
            return [_saving(one) for one in ours], None

        _, versions = await self._documents.transact_with_versions([lease_path(shard)], decide)
        return _reversioned(ours, versions)


def _is_open(order: Order) -> bool:
    return order.state is not OrderState.PLANNED and not order.is_terminal


def _by_id(orders: Sequence[Stored[Order]]) -> list[Stored[Order]]:
    return sorted(orders, key=lambda one: one.value.order_id)


def _saving(order: Stored[Order]) -> Update:
    return conditional(order_path(order.value.order_id), order)


def _reversioned(orders: Sequence[Stored[Order]], versions: Sequence[str]) -> list[Stored[Order]]:
    return [
        Stored(value=order.value, version=version)
        for order, version in zip(orders, versions, strict=True)
    ]
