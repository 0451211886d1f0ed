"""The orders of one login: accepting, changing, cancelling, filling and expiring them.

Ids are keyed by seed, account, order reference (or order id) and fill number, so the same orders
get the same ids whichever socket was read first.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from gateway.simulator import messages, order_messages, rejections
from gateway.simulator.accounts import Account
from gateway.simulator.clients import ApiClient
from gateway.simulator.contracts import Contract
from gateway.simulator.draws import identifier
from gateway.simulator.fills import Fill
from gateway.simulator.market import Market
from gateway.simulator.matching import (
    Natural,
    is_marketable,
    is_trading,
    natural,
    units_filled,
)
from gateway.simulator.orders import Execution, Order, OrderStatus
from gateway.simulator.tickets import Ticket, good_till

OrderKey = tuple[int, int]

_HELD_ORDER = 399
_ORDER_CANCELLED = 202


class OrderBook:
    """Orders by (client id, order id), executions in order, and the accounts they change."""

    def __init__(
        self,
        *,
        seed: int,
        market: Market,
        accounts: dict[str, Account],
        owner: Callable[[int], ApiClient | None],
        account_changed: Callable[[Account], None],
    ) -> None:
        self._seed = seed
        self._market = market
        self._accounts = accounts
        self._owner = owner
        self._account_changed = account_changed
        self._next_ids: dict[int, int] = {}
        self._used_references: dict[tuple[str, str], int] = {}
        self.orders: dict[OrderKey, Order] = {}
        self.live: dict[OrderKey, Order] = {}
        self.executions: list[Execution] = []

    def next_valid_id(self, client_id: int) -> int:
        """Return the lowest order id that a client has not used."""
        return self._next_ids.get(client_id, 1)

    def use_id(self, client_id: int, order_id: int) -> None:
        """Use up an order id; code 103 if it was used before."""
        if order_id < self.next_valid_id(client_id):
            raise rejections.duplicate_order_id(order_id)
        self._next_ids[client_id] = order_id + 1

    def accept(self, key: OrderKey, contract: Contract, ticket: Ticket, at: datetime) -> None:
        """Add a new order, report it and fill what is marketable."""
        client_id, order_id = key
        order = Order(
            order_id=order_id,
            client_id=client_id,
            perm_id=0,
            contract=contract,
            ticket=ticket,
            expires_at=self._expiry(contract, ticket, at),
        )
        used = (ticket.account, order.reference)
        order.sequence = self._used_references.get(used, 0)
        self._used_references[used] = order.sequence + 1
        order.perm_id = identifier(self._seed, "perm", *used, order.sequence)
        self.orders[key] = order
        self._work_new(order, at)

    def modify(self, order: Order, contract: Contract, ticket: Ticket, at: datetime) -> None:
        """Change price or quantity of an order, report it and fill what is marketable.

        Raises:
            Rejected: 103 if it was cancelled, 104 if it filled, 105 if anything else differs.
        """
        _check_modification(order, contract, ticket)
        if replace(ticket, transmit=True) != replace(order.ticket, transmit=True):
            order.rung += 1
        order.ticket = ticket
        if order.remaining == 0:
            self._finish(order, OrderStatus.FILLED, at)
            self.report(order)
            return
        self._work_new(order, at)

    def cancel(self, order: Order, at: datetime) -> None:
        """Cancel a live order: its status, then code 202."""
        self._finish(order, OrderStatus.CANCELLED, at)
        owner = self._owner(order.client_id)
        if owner:
            owner.send(messages.order_status(order))
            owner.error(order.order_id, _ORDER_CANCELLED, "Order Canceled - reason:")

    def step(self, at: datetime) -> None:
        """Expire, open and fill the live orders as of this instant."""
        for order in list(self.live.values()):
            if order.expires_at is not None and at >= order.expires_at:
                self._finish(order, OrderStatus.CANCELLED, at)
                self.report(order)
            elif is_trading(self._market, order.contract, at):
                self._open_held(order)
                self._try_fill(order, at)

    def report(self, order: Order) -> None:
        """Send openOrder and orderStatus to the client that placed an order."""
        owner = self._owner(order.client_id)
        if owner:
            owner.send(order_messages.open_order(order, owner.server_version))
            owner.send(messages.order_status(order))

    def _work_new(self, order: Order, at: datetime) -> None:
        if not order.ticket.transmit:
            order.status = OrderStatus.INACTIVE
            self.report(order)
            return
        trading = is_trading(self._market, order.contract, at)
        order.status = OrderStatus.SUBMITTED if trading else OrderStatus.PRE_SUBMITTED
        self.live[order.client_id, order.order_id] = order
        self.report(order)
        if trading:
            self._try_fill(order, at)
        else:
            self._warn_held(order, at)

    def _open_held(self, order: Order) -> None:
        if order.status is OrderStatus.PRE_SUBMITTED:
            order.status = OrderStatus.SUBMITTED
            self.report(order)

    def _warn_held(self, order: Order, at: datetime) -> None:
        owner = self._owner(order.client_id)
        if owner:
            opens_at = self._market.session.next_open_at(at)
            owner.error(order.order_id, _HELD_ORDER, messages.held_order(order, opens_at))

    def _expiry(self, contract: Contract, ticket: Ticket, at: datetime) -> datetime | None:
        if ticket.tif == "GTD":
            return good_till(ticket.good_till_date)
        session = self._market.session
        ends_at = min(session.trades_until(leg.contract.sec_type) for leg in contract.parts())
        return ends_at if ticket.tif == "DAY" and at < ends_at else None

    def _try_fill(self, order: Order, at: datetime) -> None:
        account = self._accounts[order.ticket.account]
        found = natural(self._market, account, order.contract, order.ticket.sign, at)
        if found is None or found.size <= 0 or not is_marketable(order, found.price):
            return
        self._fill(order, account, found, units_filled(self._seed, order, found.size), at)

    def _fill(
        self, order: Order, account: Account, found: Natural, units: int, at: datetime
    ) -> None:
        fill = Fill(seed=self._seed, order=order, found=found, units=units, at=at)
        executions = fill.book(account)
        self.executions += executions
        if order.remaining == 0:
            self._finish(order, OrderStatus.FILLED, at)
        self._announce(order, executions)
        self._account_changed(account)

    def _announce(self, order: Order, executions: list[Execution]) -> None:
        """Send a fill in the Gateway's order: executions, the order, then fees."""
        owner = self._owner(order.client_id)
        if owner is None:
            return
        for execution in executions:
            owner.send(
                order_messages.exec_details(
                    order_messages.LIVE_REQUEST, execution, owner.server_version
                )
            )
        self.report(order)
        for execution in executions:
            if execution.commission is not None:
                owner.send(messages.commission_report(execution))

    def _finish(self, order: Order, status: OrderStatus, at: datetime) -> None:
        order.status = status
        order.done_at = at
        self.live.pop((order.client_id, order.order_id), None)


def _check_modification(order: Order, contract: Contract, ticket: Ticket) -> None:
    if order.status is OrderStatus.FILLED:
        raise rejections.filled_order(order.order_id)
    if order.status is OrderStatus.CANCELLED:
        raise rejections.duplicate_order_id(order.order_id)
    changed = replace(
        order.ticket,
        limit_price=ticket.limit_price,
        quantity=ticket.quantity,
        transmit=ticket.transmit,
    )
    if changed != ticket or _identity(contract) != _identity(order.contract):
        raise rejections.different_order(order.order_id)
    if ticket.quantity < order.filled:
        raise rejections.different_order(order.order_id)


def _identity(contract: Contract) -> tuple[int, tuple[tuple[int, int, str], ...]]:
    legs = tuple((leg.contract.con_id, leg.ratio, leg.action) for leg in contract.legs)
    return contract.con_id, legs
