"""The orders of one login: accepting, changing, cancelling, filling and expiring them.

Ids are keyed by seed, account, order reference (or order id) and fill number, so the same orders
get the same ids whichever socket was read first.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from gateway.simulator import rejections
from gateway.simulator.accounts import Account
from gateway.simulator.contracts import Contract
from gateway.simulator.draws import identifier
from gateway.simulator.fills import Fill
from gateway.simulator.login_faults import LoginFaults
from gateway.simulator.market import Market
from gateway.simulator.matching import (
    Natural,
    is_marketable,
    is_trading,
    natural,
    units_filled,
)
from gateway.simulator.order_reports import OrderReports
from gateway.simulator.orders import Execution, Order, OrderStatus
from gateway.simulator.price_checks import is_too_far
from gateway.simulator.tickets import Ticket, good_till

OrderKey = tuple[int, int]

# Orders of one side in one contract and account. Source: IBKR's page on order limitations.
_MOST_ACTIVE = 20
_MANUAL_CLIENT_ID = 0
_BY_CLIENT = "Cancelled by Trader"
_BY_SYSTEM = "Cancelled by System"
_EXPIRED = "Expired"
_TOO_FAR = "The price you entered is too far away from the market."


class OrderBook:
    """Orders by (client id, order id), executions in order, and the accounts they change."""

    def __init__(
        self,
        *,
        seed: int,
        market: Market,
        accounts: dict[str, Account],
        reports: OrderReports,
        faults: LoginFaults,
        account_changed: Callable[[Account], None],
    ) -> None:
        self._seed = seed
        self._market = market
        self._accounts = accounts
        self.reports = reports
        self._faults = faults
        self._account_changed = account_changed
        self.next_ids: dict[int, int] = {}
        self.used_references: dict[tuple[str, str], int] = {}
        self.orders: dict[OrderKey, Order] = {}
        self.live: dict[OrderKey, Order] = {}
        self.executions: list[Execution] = []

    def next_valid_id(self, client_id: int) -> int:
        """Return the lowest order id that a client has not used."""
        return self.next_ids.get(client_id, 1)

    def use_id(self, client_id: int, order_id: int) -> None:
        """Use up an order id; code 103 if it was used before."""
        if order_id < self.next_valid_id(client_id):
            raise rejections.duplicate_order_id(order_id)
        self.next_ids[client_id] = order_id + 1

    def is_full(self, contract: Contract, ticket: Ticket) -> bool:
        """Tell whether no more orders of this side may be active in a contract of an account."""
        key = (ticket.account, ticket.action)
        same_side = (
            order
            for order in self.live.values()
            if (order.ticket.account, order.ticket.action) == key
        )
        wanted = _identity(contract)
        return sum(_identity(order.contract) == wanted for order in same_side) >= _MOST_ACTIVE

    def is_working(self, at: datetime) -> bool:
        """Tell whether an order may fill at this instant."""
        return any(_is_worked(self._market, order, at) for order in self.live.values())

    def accept_manual(self, contract: Contract, ticket: Ticket, at: datetime) -> Order:
        """Add an order entered by hand; client 0 knows it once it binds such orders."""
        last = max((order.manual_number for order in self.orders.values()), default=0)
        return self.accept((_MANUAL_CLIENT_ID, -last - 1), contract, ticket, at)

    def forget_before(self, at: datetime) -> None:
        """Forget orders that were done, and executions, before an instant."""
        old = [key for key, one in self.orders.items() if one.done_at and one.done_at < at]
        for key in old:
            del self.orders[key]
        self.executions[:] = [row for row in self.executions if row.at >= at]

    def accept(
        self,
        key: OrderKey,
        contract: Contract,
        ticket: Ticket,
        at: datetime,
        *,
        twin_ids: int = 0,
    ) -> Order:
        """Add a new order, report it and fill what is marketable.

        A second order under one order id is told apart in its key by ``twin_ids``.
        """
        client_id, order_id = key
        order = Order(
            order_id=order_id - twin_ids,
            twin_ids=twin_ids,
            client_id=client_id,
            perm_id=0,
            contract=contract,
            ticket=ticket,
            expires_at=self._expiry(contract, ticket, at),
            manual_number=max(-order_id, 0),
        )
        if order.is_manual:
            order.order_id = order_id if self.reports.binds_manual_orders else 0
        used = (ticket.account, order.reference)
        order.sequence = self.used_references.get(used, 0)
        self.used_references[used] = order.sequence + 1
        order.perm_id = identifier(self._seed, "perm", *used, order.sequence)
        self.orders[key] = order
        self._work_new(order, at)
        return order

    def check_modification(self, order: Order, contract: Contract, ticket: Ticket) -> None:
        """Check that only price or quantity of an order change.

        Raises:
            Rejected: 103 if it was cancelled, 104 if it filled, 105 if anything else differs.
        """
        _check_modification(order, contract, ticket)

    def modify(self, order: Order, ticket: Ticket, at: datetime) -> None:
        """Change an order as was checked, report it and fill what is marketable."""
        if replace(ticket, transmit=True) != replace(order.ticket, transmit=True):
            order.rung += 1
        order.ticket = ticket
        if order.remaining == 0:
            self._finish(order, OrderStatus.FILLED, at)
            self.reports.report(order)
            return
        if order.is_live:
            self._rework(order, at)
        else:
            self._work_new(order, at)

    def cancel(self, order: Order, at: datetime) -> None:
        """Cancel a live order: pending, then cancelled, then code 202."""
        order.status = OrderStatus.PENDING_CANCEL
        self.reports.status(order)
        self._end(order, _BY_CLIENT, at)
        self.reports.cancelled(order, "")

    def step(self, at: datetime) -> None:
        """Expire, open and fill the live orders as of this instant."""
        for order in list(self.live.values()):
            if order.expires_at is not None and at >= order.expires_at:
                self._end(order, _EXPIRED, at)
                self.reports.report(order)
            elif _is_worked(self._market, order, at):
                self._open_or_fill(order, at)

    def fill_by_fault(self, order: Order, found: Natural, units: int, at: datetime) -> None:
        """Fill an order, live or ended, away from the rule of fills."""
        self._fill(order, self._accounts[order.ticket.account], found, units, at)

    def roll_ids_back(self, by: int) -> None:
        """Lower every client's next valid id, never below 1."""
        self.next_ids = {client: max(ids - by, 1) for client, ids in self.next_ids.items()}

    def bind_manual(self) -> None:
        """Give the live orders entered by hand the ids under which client 0 may change them."""
        for order in self.live.values():
            if order.is_manual:
                order.order_id = -order.manual_number

    def _work_new(self, order: Order, at: datetime) -> None:
        if not order.ticket.transmit:
            order.status = OrderStatus.INACTIVE
            self.reports.report(order)
            return
        trading = _is_worked(self._market, order, at)
        self.live[order.key] = order
        status = OrderStatus.SUBMITTED if trading else OrderStatus.PRE_SUBMITTED
        self.reports.accepted(order, status)
        if trading:
            self._work(order, at)
        else:
            self.reports.held(order, self._market.days.next_open_at(at))

    def _rework(self, order: Order, at: datetime) -> None:
        """Report a changed order; the repeated status tells clients that the change is taken."""
        self.reports.report(order)
        self.reports.status(order)
        if _is_worked(self._market, order, at):
            self._work(order, at)

    def _work(self, order: Order, at: datetime) -> None:
        if is_too_far(self._market, order.contract, order.ticket, at):
            self._end(order, _BY_SYSTEM, at)
            self.reports.cancelled(order, _TOO_FAR)
        else:
            self._try_fill(order, at)

    def _open_or_fill(self, order: Order, at: datetime) -> None:
        if order.status is not OrderStatus.PRE_SUBMITTED:
            self._try_fill(order, at)
            return
        order.status = OrderStatus.SUBMITTED
        self.reports.report(order)
        self._work(order, at)

    def _expiry(self, contract: Contract, ticket: Ticket, at: datetime) -> datetime | None:
        if ticket.tif == "GTD":
            return good_till(ticket.good_till_date)
        if ticket.tif == "GTC":
            return None
        days, late = self._market.days, ticket.outside_rth
        return min(
            days.ends_day_order(leg.contract.sec_type, at, extended=late)
            for leg in contract.parts()
        )

    def _try_fill(self, order: Order, at: datetime) -> None:
        account = self._accounts[order.ticket.account]
        found = natural(self._market, account, order.contract, order.ticket.sign, at)
        if found is None or found.size <= 0 or not is_marketable(order, found.price):
            return
        units = self._faults.units(order, units_filled(self._seed, order, found.size))
        if units > 0:
            self._fill(order, account, found, units, at)

    def _fill(
        self, order: Order, account: Account, found: Natural, units: int, at: datetime
    ) -> None:
        fill = Fill(seed=self._seed, order=order, found=found, units=units, at=at)
        executions = fill.book(account)
        self.executions += executions
        if order.remaining == 0:
            self._finish(order, OrderStatus.FILLED, at)
        self.reports.filled(order, executions)
        self._account_changed(account)
        self._faults.on_fill(order, executions)

    def _end(self, order: Order, reason: str, at: datetime) -> None:
        order.end_reason = reason
        self._finish(order, OrderStatus.CANCELLED, at)

    def _finish(self, order: Order, status: OrderStatus, at: datetime) -> None:
        order.status = status
        order.done_at = at
        self.live.pop(order.key, None)


def _is_worked(market: Market, order: Order, at: datetime) -> bool:
    """Tell whether an order is worked now: in the session, a stock's limit order also around it."""
    ticket = order.ticket
    extended = ticket.outside_rth and ticket.worked_limit is not None
    return is_trading(market, order.contract, at, extended=extended)


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
