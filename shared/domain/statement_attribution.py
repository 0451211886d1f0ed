"""Whose was an execution of a statement that we have no fill of?

By our reference first. IBKR does not tell it on paper accounts
(https://github.com/pilwon/node-ib/issues/110): then by what the executions of one fill share in
their ids, by the broker's order id of an execution that we know, and last by the permanent id,
which IBKR's order id seldom is (https://github.com/westonplatter/ngv_reports_ibkr/pull/38).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shared.domain.broker_statement import AccountStatement, StatementTrade
from shared.domain.fills import Fill, split_exec_id
from shared.domain.followers import AccountId, FollowerId
from shared.domain.orders import Order, OrderId
from shared.domain.statement_executions import StatedExecution, family_of

OUR_REFERENCES = "SP-"
"""How `shared.domain.orders.order_ref_of` begins."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Owner:
    """The order of ours that an execution belongs to.

    Attributes:
        order_id: Our order.
        follower_id: Whose.
        account_id: Broker account.
        session_date: Session of the order, ISO text.
        order_ref: Our reference on the broker order that filled; empty where it is not known.
        order: The order itself; None where only its fills were given.
    """

    order_id: OrderId
    follower_id: FollowerId
    account_id: AccountId
    session_date: str
    order_ref: str
    order: Order | None

    def may_trade(self, trade: StatementTrade) -> bool:
        """Tell whether the order trades this contract on this side."""
        return self.order is None or (trade.contract_key, trade.side) in self.order.sides

    def fill_of(self, stated: StatedExecution) -> Fill:
        """Make the fill that we did not have; only for a whole number of contracts."""
        trade = stated.trade
        return Fill(
            exec_id=stated.exec_id,
            order_id=self.order_id,
            follower_id=self.follower_id,
            account_id=self.account_id,
            session_date=self.session_date,
            contract_key=trade.contract_key,
            side=trade.side,
            quantity=int(stated.quantity),
            price=trade.price,
            multiplier=trade.multiplier,
            fee=stated.fee,
            at=trade.executed_at,
            revision=stated.revision,
            order_ref=self.order_ref,
        )


class Attribution:
    """Finds the owners of one account's executions.

    Args:
        account: What the broker says.
        fills: Our fills of the account; those of combos lead to their legs.
        orders: Our orders of the account, by every reference they had.
    """

    def __init__(
        self, account: AccountStatement, *, fills: Sequence[Fill], orders: Mapping[str, Order]
    ) -> None:
        self._orders = orders
        self._by_id = {order.order_id: order for order in orders.values()}
        self._by_family = {
            family: fill for fill in fills if (family := family_of(fill.exec_id)) != ""
        }
        own = {fill.exec_id: fill for fill in fills}
        self._by_broker_order: dict[str, Fill] = {}
        for trade in account.trades:
            fill = own.get(split_exec_id(trade.broker_exec_id)[0])
            if fill is not None and trade.broker_order_id:
                self._by_broker_order[trade.broker_order_id] = fill
        self._by_perm_id = {
            str(ids.perm_id): (order, ids.order_ref)
            for order in self._by_id.values()
            for ids in (order.broker, *order.earlier_brokers)
            if ids is not None and ids.perm_id
        }
        self._are_references_told = any(
            trade.order_ref.startswith(OUR_REFERENCES) for trade in account.trades
        )

    def owner_of(self, stated: StatedExecution) -> Owner | None:
        """Find the order of ours that an execution leads to."""
        trade = stated.trade
        if trade.order_ref:
            return self.owner_by_reference(trade)
        sibling = self._by_family.get(family_of(stated.exec_id))
        sibling = sibling or self._by_broker_order.get(trade.broker_order_id)
        if sibling is not None:
            return self._owner_of_sibling(sibling)
        order, ref = self._by_perm_id.get(trade.broker_order_id, (None, ""))
        return None if order is None else _owner(order, ref)

    def owner_by_reference(self, trade: StatementTrade) -> Owner | None:
        """Find the order of ours whose reference a trade carries."""
        order = self._orders.get(trade.order_ref) if trade.order_ref else None
        return None if order is None else _owner(order, trade.order_ref)

    def may_be_ours(self, trade: StatementTrade) -> bool:
        """Tell whether a trade that leads to no order of ours may nevertheless be one.

        It may where it carries a reference like ours; and, where the statement tells no
        references at all, where an order of ours of that day trades the same.
        """
        if trade.order_ref or self._are_references_told:
            return trade.order_ref.startswith(OUR_REFERENCES)
        return any(
            order.session_date == trade.session_date
            and order.broker is not None
            and (trade.contract_key, trade.side) in order.sides
            for order in self._by_id.values()
        )

    def _owner_of_sibling(self, fill: Fill) -> Owner:
        return Owner(
            order_id=fill.order_id,
            follower_id=fill.follower_id,
            account_id=fill.account_id,
            session_date=fill.session_date,
            order_ref=fill.order_ref,
            order=self._by_id.get(fill.order_id),
        )


def _owner(order: Order, order_ref: str) -> Owner:
    return Owner(
        order_id=order.order_id,
        follower_id=order.follower_id,
        account_id=order.account_id,
        session_date=order.session_date,
        order_ref=order_ref,
        order=order,
    )
