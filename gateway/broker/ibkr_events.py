"""Events of the client library, told as ours."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from gateway.broker.ibkr_notices import CLIENT_ID_TAKEN, SOCKET_PORT_RESET, link_event
from gateway.broker.ibkr_reports import ContractNames, Filled, Named, Traded, execution_of, fee_of
from gateway.broker.market_data import Clocked, MarketData
from shared.domain.followers import Login
from shared.ports.broker import (
    BrokerEvent,
    ClientIdTaken,
    ConnectionLost,
    FeeReported,
    LinkRestored,
    OrderAcknowledged,
    OrderEndReported,
    OrderMessage,
)

_ALIVE = frozenset({"PreSubmitted", "Submitted"})
_FILLED = "Filled"
_DONE = frozenset({_FILLED, "Cancelled", "ApiCancelled"})


class IbkrEvents:
    """Reads the events of one connection.

    Args:
        login: Whose connection.
        names: Our names of contracts.
        data: The connection's market data.
        wrapper: Knows when the packet of an event arrived.
        is_ours: Tells whether a number is that of an order we sent on this connection.
        tell: Told our events.
        hang_up: Ends the connection.
    """

    def __init__(
        self,
        login: Login,
        *,
        names: ContractNames,
        data: MarketData,
        wrapper: Clocked,
        is_ours: Callable[[int], bool],
        tell: Callable[[BrokerEvent], None],
        hang_up: Callable[[], None],
    ) -> None:
        self._login = login
        self._names = names
        self._data = data
        self._wrapper = wrapper
        self._is_ours = is_ours
        self._tell = tell
        self._hang_up = hang_up

    def on_order(self, trade: Traded) -> None:
        """Tell an order's state; other clients' order ids mean nothing to us."""
        if trade.order.clientId != self._login.client_id:
            return
        order_id, perm_id = trade.order.orderId, trade.orderStatus.permId
        status = trade.orderStatus.status
        if status in _ALIVE:
            self._tell(OrderAcknowledged(broker_order_id=order_id, perm_id=perm_id))
        elif status in _DONE:
            end = OrderEndReported(broker_order_id=order_id, perm_id=perm_id, status=status)
            if status == _FILLED:
                self._tell(end)
                return
            # The library ends an order on an error before it tells the error: that goes first.
            asyncio.get_running_loop().call_soon(self._tell, end)

    def on_execution(self, _trade: object, fill: Filled) -> None:
        """Tell an execution."""
        self._tell(execution_of(fill, self._names))

    def on_fee(self, _trade: object, fill: Filled, _report: object) -> None:
        """Tell a broker fee."""
        fee = fee_of(fill)
        if fee is not None:
            self._tell(FeeReported(broker_exec_id=fill.execution.execId, fee=fee))

    def on_error(self, number: int, code: int, message: str, contract: Named | None) -> None:
        """Tell an error of an order, or what a notice says of the connection."""
        if self._is_ours(number):
            self._tell(OrderMessage(broker_order_id=number, code=code, message=message))
            return
        key = self._names.of(contract) if contract is not None else None
        self._data.heard(code, message, key, self._wrapper.lastTime)
        if code == SOCKET_PORT_RESET:
            asyncio.get_running_loop().call_soon(self._hang_up)
        event = link_event(code, message)
        if isinstance(event, LinkRestored) and event.are_subscriptions_lost:
            self._data.subscriptions_lost()
        if event is not None:
            self._tell(event)

    def on_disconnected(self) -> None:
        """Tell that the connection is gone."""
        self._data.connection_lost()
        self._tell(ConnectionLost(reason=f"login {self._login.login_id} lost its connection"))


class HangUp:
    """Notices that the IB Gateway hangs up while we connect; the library would only time out.

    Args:
        login: Whose connection.
    """

    def __init__(self, login: Login) -> None:
        self._login = login
        self._noticed: asyncio.Future[object] = asyncio.get_running_loop().create_future()

    def on_error(self, _number: int, code: int, message: str, _contract: object) -> None:
        """Take an error in: only a taken client id says why the socket will be closed."""
        if code == CLIENT_ID_TAKEN and not self._noticed.done():
            login = self._login
            words = f"login {login.login_id}: {code}: {message} (client {login.client_id})"
            self._noticed.set_exception(ClientIdTaken(words))

    def on_end(self, message: str) -> None:
        """Take the end of the socket in."""
        if not self._noticed.done():
            self._noticed.set_exception(ConnectionError(message))

    async def or_done(self, connect: Awaitable[object]) -> None:
        """Wait until connected.

        Raises:
            ClientIdTaken: If another connection holds our client id.
            ConnectionError: If the IB Gateway hung up.
        """
        connecting = asyncio.ensure_future(connect)
        waits: set[asyncio.Future[object]] = {connecting, self._noticed}
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            (self._noticed if self._noticed.done() else connecting).result()
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)
