"""The broker's side of the book as JSON, for comparing it with a client's own."""

from datetime import datetime

from gateway.simulator.accounts import Account
from gateway.simulator.config import Json
from gateway.simulator.login import GatewayLogin
from gateway.simulator.market import Market
from gateway.simulator.orders import Execution, Order


def simulator_state(market: Market, logins: list[GatewayLogin], at: datetime) -> Json:
    """Return spot, hours, and per login its clients, accounts, orders and executions.

    Money and prices are decimal text in USD, instants ISO 8601 in UTC.
    """
    session = market.days.at(at)
    return {
        "now": at.isoformat(),
        "ticker": market.ticker,
        "spot": str(market.spot(at)),
        "session": {
            "open_at": session.open_at.isoformat(),
            "close_at": session.close_at.isoformat(),
            "options_close_at": session.options_close_at.isoformat(),
            "expiry_at": session.expiry_at.isoformat(),
        },
        "logins": {login.login_id: _login_state(login) for login in logins},
    }


def _login_state(login: GatewayLogin) -> Json:
    return {
        "clients": [*sorted(login.clients)],
        "accounts": {name: _account_state(a) for name, a in login.accounts.items()},
        "orders": [_order_state(order) for order in login.book.orders.values()],
        "executions": [_execution_state(row) for row in login.book.executions],
    }


def _account_state(account: Account) -> Json:
    return {
        "cash": str(account.cash),
        "realized": str(account.realized),
        "positions": [
            {
                "con_id": position.contract.con_id,
                "symbol": position.contract.symbol,
                "sec_type": position.contract.sec_type,
                "expiry": position.contract.expiry,
                "strike": str(position.contract.strike),
                "right": position.contract.right,
                "local_symbol": position.contract.local_symbol,
                "quantity": position.quantity,
                "average_cost": str(position.average_cost),
            }
            for position in account.positions.values()
        ],
    }


def _order_state(order: Order) -> Json:
    ticket = order.ticket
    return {
        "client_id": order.client_id,
        "order_id": order.order_id,
        "perm_id": order.perm_id,
        "doubles": order.doubles,
        "account": ticket.account,
        "order_ref": ticket.order_ref,
        "action": ticket.action,
        "order_type": ticket.order_type,
        "tif": ticket.tif,
        "limit_price": None if ticket.limit_price is None else str(ticket.limit_price),
        "quantity": int(ticket.quantity),
        "filled": order.filled,
        "average_price": str(order.average_price),
        "status": str(order.status),
        "modifications": order.rung,
    }


def _execution_state(row: Execution) -> Json:
    return {
        "exec_id": row.exec_id,
        "at": row.at.isoformat(),
        "account": row.account,
        "order_ref": row.order_ref,
        "order_id": row.order_id,
        "client_id": row.client_id,
        "perm_id": row.perm_id,
        "con_id": row.contract.con_id,
        "sec_type": row.contract.sec_type,
        "local_symbol": row.contract.local_symbol,
        "side": row.side,
        "shares": row.shares,
        "price": str(row.price),
        "commission": None if row.commission is None else str(row.commission),
    }
