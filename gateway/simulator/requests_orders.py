"""Requests about orders and executions."""

from datetime import datetime

from gateway.simulator import messages, order_messages, placement, rejections
from gateway.simulator.clients import ApiClient
from gateway.simulator.frames import FieldReader
from gateway.simulator.hours import new_york_date
from gateway.simulator.login import GatewayLogin
from gateway.simulator.orders import Execution, OrderStatus
from gateway.simulator.tickets import good_till, read_place_order

_EXERCISE, _LAPSE = 1, 2


def place_order(login: GatewayLogin, client: ApiClient, reader: FieldReader) -> None:
    """Place, modify or try (what-if) an order."""
    order_id, query, ticket = read_place_order(reader, client.server_version)
    placement.place(login, client, order_id, query, ticket)


def cancel_order(login: GatewayLogin, client: ApiClient, reader: FieldReader) -> None:
    """Cancel an order of this client; others' orders are not found."""
    reader.skip(1)
    order_id = reader.whole()
    order = login.book.orders.get((client.client_id, order_id))
    if order is None or order.order_id != order_id:
        raise rejections.cancel_of_unknown(order_id)
    if order.status is OrderStatus.FILLED:
        raise rejections.cancel_of_done(order_id, order.status)
    if order.status is OrderStatus.CANCELLED:
        raise rejections.not_cancellable(order_id, order.perm_id)
    login.book.cancel(order, login.clock.now())


def global_cancel(login: GatewayLogin, client: ApiClient, reader: FieldReader) -> None:
    """Cancel every live order of the login, whoever placed it."""
    for order in list(login.book.live.values()):
        login.book.cancel(order, login.clock.now())


def open_orders(login: GatewayLogin, client: ApiClient, reader: FieldReader) -> None:
    """Answer reqOpenOrders: the live orders of this client; client 0 binds manual ones."""
    if client.client_id == 0:
        login.book.bind_manual()
    _send_open_orders(login, client, everyone=False)


def auto_open_orders(login: GatewayLogin, client: ApiClient, reader: FieldReader) -> None:
    """Answer reqAutoOpenOrders: bind manual orders from now on; 327 for all but client 0."""
    reader.skip(1)
    if client.client_id != 0:
        raise rejections.only_default_client()
    client.binds_manual_orders = reader.flag()
    if client.binds_manual_orders:
        login.book.bind_manual()


def all_open_orders(login: GatewayLogin, client: ApiClient, reader: FieldReader) -> None:
    """Answer reqAllOpenOrders: the live orders of all clients."""
    _send_open_orders(login, client, everyone=True)


def completed_orders(login: GatewayLogin, client: ApiClient, reader: FieldReader) -> None:
    """Answer with the orders that were done today (New York), as far as the Gateway keeps them."""
    today = new_york_date(login.clock.now())
    for order in login.book.orders.values():
        if order.done_at is not None and new_york_date(order.done_at) == today:
            client.send(order_messages.completed_order(order, client.server_version))
    client.send([102])


def executions(login: GatewayLogin, client: ApiClient, reader: FieldReader) -> None:
    """Answer reqExecutions of today (New York) by its filter, then the fees."""
    reader.skip(1)
    request_id = reader.whole()
    today = new_york_date(login.clock.now())
    rows = [row for row in login.book.executions if new_york_date(row.at) == today]
    rows = _filtered(reader, rows)
    for row in rows:
        client.send(order_messages.exec_details(request_id, row, client.server_version))
    client.send([55, 1, request_id])
    for row in rows:
        if row.commission is not None:
            client.send(messages.commission_report(row))


def next_order_id(login: GatewayLogin, client: ApiClient, reader: FieldReader) -> None:
    """Answer with the next valid order id of this client."""
    client.send([9, 1, login.book.next_valid_id(client.client_id)])


def exercise_options(login: GatewayLogin, client: ApiClient, reader: FieldReader) -> None:
    """Exercise a long option, or let it lapse at expiry; only the position tells the outcome."""
    reader.skip(1)
    request_id, con_id = reader.whole(), reader.whole()
    reader.skip(10)
    action, quantity = reader.whole(), reader.whole()
    account = login.order_account(reader.text(), request_id)
    position = account.positions.get(con_id)
    if position is None:
        raise rejections.no_position(request_id)
    try:
        if action == _EXERCISE:
            at = login.clock.now()
            login.settlements.exercise(account, position.contract, quantity, at)
        elif action == _LAPSE:
            login.settlements.lapse(account, position.contract, quantity)
        else:
            raise rejections.invalid(request_id, f"Invalid exercise action {action}.")
    except ValueError as error:
        raise rejections.no_position(request_id) from error


def _send_open_orders(login: GatewayLogin, client: ApiClient, *, everyone: bool) -> None:
    for order in login.book.live.values():
        if everyone or order.client_id == client.client_id:
            client.send(order_messages.open_order(order, client.server_version))
            client.send(messages.order_status(order))
    client.send([53, 1])


def _filtered(reader: FieldReader, rows: list[Execution]) -> list[Execution]:
    """Apply an execution filter; an empty field lets everything through."""
    client_id, account, since = reader.whole(), reader.text(), _since(reader.text())
    symbol, sec_type = reader.text(), reader.text()
    reader.skip(1)
    side = {"BUY": "BOT", "SELL": "SLD"}.get(reader.text(), "")
    return [
        row
        for row in rows
        if client_id in {0, row.client_id}
        and account in {"", row.account}
        and symbol in {"", row.contract.symbol}
        and sec_type in {"", row.contract.sec_type}
        and side in {"", row.side}
        and (since is None or row.at >= since)
    ]


def _since(text: str) -> datetime | None:
    return good_till(text) if text else None
