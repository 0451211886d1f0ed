"""What clients are sent about their accounts, at request and after every change."""

from datetime import datetime
from decimal import Decimal

from gateway.simulator import messages
from gateway.simulator.accounts import Account, mark_value
from gateway.simulator.clients import ApiClient, ProfitSubscription
from gateway.simulator.market import Market


def push(client: ApiClient, account: Account, market: Market, at: datetime) -> None:
    """Send one changed account to a client, as far as it subscribed."""
    subscribed = client.subscribed
    if subscribed.positions:
        send_positions(client, account)
    if subscribed.account_id == account.account_id:
        send_account(client, account, market, at)
    for request_id, account_id in subscribed.multi.items():
        if account_id == account.account_id:
            send_multi(client, request_id, account, market, at)
    for request_id, tags in subscribed.summaries.items():
        send_summary(client, request_id, tags, account, market, at)
    for request_id, profit in subscribed.profits.items():
        if profit.account_id == account.account_id:
            send_profit(client, request_id, profit, account, market, at)


def send_positions(client: ApiClient, account: Account) -> None:
    """Send every position, including those that have just become zero."""
    for position in account.positions.values():
        client.send(messages.position_row(account, position))


def send_account(client: ApiClient, account: Account, market: Market, at: datetime) -> None:
    """Send the values and the portfolio of an account-updates subscription."""
    name = account.account_id
    client.send(messages.account_value("AccountCode", name, "", name))
    client.send(messages.account_value("AccountReady", "true", "", name))
    for tag, value in account.values(market, at).items():
        client.send(messages.account_value(tag, value, "USD", name))
    for position in account.positions.values():
        client.send(messages.portfolio(position, name, market, at))
    client.send(messages.account_time(at))


def send_multi(
    client: ApiClient, request_id: int, account: Account, market: Market, at: datetime
) -> None:
    """Send the values of an accountUpdatesMulti subscription."""
    for tag, value in account.values(market, at).items():
        client.send([73, 1, request_id, account.account_id, "", tag, value, "USD"])


def send_summary(
    client: ApiClient,
    request_id: int,
    tags: tuple[str, ...],
    account: Account,
    market: Market,
    at: datetime,
) -> None:
    """Send the asked tags of an account summary."""
    for tag, value in account.values(market, at).items():
        if tag in tags:
            client.send([63, 1, request_id, account.account_id, tag, value, "USD"])


def send_profit(
    client: ApiClient,
    request_id: int,
    asked: ProfitSubscription,
    account: Account,
    market: Market,
    at: datetime,
) -> None:
    """Send daily, unrealized and realized profit; the account begins the day flat."""
    if not asked.con_id:
        values = account.values(market, at)
        unrealized, realized = values["UnrealizedPnL"], values["RealizedPnL"]
        client.send([94, request_id, unrealized + realized, unrealized, realized])
        return
    position = account.positions.get(asked.con_id)
    if position is None:
        client.send([95, request_id, 0, 0.0, 0.0, 0.0, 0.0])
        return
    value = mark_value(position, market, at)
    unrealized = value - position.quantity * position.average_cost
    client.send([95, request_id, position.quantity, unrealized, unrealized, Decimal(0), value])
