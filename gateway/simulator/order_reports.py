"""Who is told of an order, and what.

An order is reported to the client that placed it and to the master client; one entered by hand to
client 0 once it binds such orders. The Gateway often repeats an orderStatus: so do we. Source:
IBKR's pages on client ids and on order submission.
"""

from datetime import datetime

from gateway.simulator import messages, order_messages
from gateway.simulator.clients import ApiClient
from gateway.simulator.orders import Execution, Order, OrderStatus

_HELD_ORDER = 399
_ORDER_CANCELLED = 202
_MANUAL_CLIENT_ID = 0


class OrderReports:
    """Reports to the clients connected now; ``clients`` is the login's own table of them."""

    def __init__(self, clients: dict[int, ApiClient], master_client_id: int | None) -> None:
        self._clients = clients
        self._master_client_id = master_client_id

    @property
    def binds_manual_orders(self) -> bool:
        """Tell whether client 0 is connected and binds orders entered by hand."""
        client = self._clients.get(_MANUAL_CLIENT_ID)
        return client is not None and client.binds_manual_orders

    def listeners(self, order: Order) -> list[ApiClient]:
        """Return the connected clients that are told of an order."""
        owner = self._owner(order)
        master = None
        if self._master_client_id is not None:
            master = self._clients.get(self._master_client_id)
        return [*([owner] if owner else []), *([master] if master and master is not owner else [])]

    def accepted(self, order: Order, final: OrderStatus) -> None:
        """Tell of a new order phase by phase: pending, then PreSubmitted, then its status."""
        order.status = OrderStatus.PENDING_SUBMIT
        self.report(order)
        order.status = OrderStatus.PRE_SUBMITTED
        if final is OrderStatus.PRE_SUBMITTED:
            self.report(order)
            return
        self.status(order)
        order.status = final
        self.report(order)
        self.status(order)

    def report(self, order: Order) -> None:
        """Send openOrder and orderStatus."""
        for client in self.listeners(order):
            client.send(order_messages.open_order(order, client.server_version))
            client.send(messages.order_status(order))

    def status(self, order: Order) -> None:
        """Send orderStatus alone."""
        for client in self.listeners(order):
            client.send(messages.order_status(order))

    def cancelled(self, order: Order, reason: str) -> None:
        """Tell that an order is cancelled: its status, to its owner also code 202."""
        self.status(order)
        self._error(order, _ORDER_CANCELLED, f"Order Canceled - reason:{reason}")

    def held(self, order: Order, opens_at: datetime) -> None:
        """Warn the owner that an order waits for the open."""
        self._error(order, _HELD_ORDER, messages.held_order(order, opens_at))

    def filled(self, order: Order, executions: list[Execution]) -> None:
        """Tell of a fill in the Gateway's order: executions, the order, then fees."""
        for client in self.listeners(order):
            for execution in executions:
                row = order_messages.exec_details(
                    order_messages.LIVE_REQUEST, execution, client.server_version
                )
                client.send(row)
            client.send(order_messages.open_order(order, client.server_version))
            client.send(messages.order_status(order))
            client.send(messages.order_status(order))
            for execution in executions:
                if execution.commission is not None:
                    client.send(messages.commission_report(execution))

    def _owner(self, order: Order) -> ApiClient | None:
        if not order.is_manual:
            return self._clients.get(order.client_id)
        return self._clients.get(_MANUAL_CLIENT_ID) if self.binds_manual_orders else None

    def _error(self, order: Order, code: int, text: str) -> None:
        owner = self._owner(order)
        if owner is not None:
            owner.error(order.order_id, code, text)
