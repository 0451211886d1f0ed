"""What clients are sent about their accounts: at request, after every change, every three minutes.

After the first answer only values that changed are sent.
"""

from datetime import datetime
from decimal import Decimal

from gateway.simulator import messages
from gateway.simulator.accounts import Account, mark_value
from gateway.simulator.clients import ApiClient, ProfitSubscription
from gateway.simulator.market import Market

# Request ids begin above 0; the one account-updates subscription of a client has none.
_UPDATES = 0


def push(client: ApiClient, account: Account, market: Market, at: datetime) -> None:
    """Send one changed account to a client, as far as it subscribed."""
    subscribed = client.subscribed
    if subscribed.positions:
        send_positions(client, account)
    push_values(client, account, market, at)
    push_profits(client, account, market, at)


def push_profits(client: ApiClient, account: Account, market: Market, at: datetime) -> None:
    """Send the profit and loss of one account to a client, as far as it subscribed."""
    for request_id, profit in client.subscribed.profits.items():
        if profit.account_id == account.account_id:
            send_profit(client, request_id, profit, account, market, at)


def push_values(client: ApiClient, account: Account, market: Market, at: datetime) -> None:
    """Send the values of one account to a client, as far as it subscribed."""
    subscribed = client.subscribed
    if subscribed.account_id == account.account_id:
        send_account(client, account, market, at)
    for request_id, account_id in subscribed.multi.items():
        if account_id == account.account_id:
            send_multi(client, request_id, account, market, at)
    for request_id, tags in subscribed.summaries.items():
        send_summary(client, request_id, tags, account, market, at)


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
        if client.subscribed.is_news(_UPDATES, name, tag, value):
            client.send(messages.account_value(tag, value, "USD", name))
    for position in account.positions.values():
        client.send(messages.portfolio(position, name, market, at))
    client.send(messages.account_time(at))


def send_multi(
    client: ApiClient, request_id: int, account: Account, market: Market, at: datetime
) -> None:
    """Send the values of an accountUpdatesMulti subscription."""
    name = account.account_id
    for tag, value in account.values(market, at).items():
        if client.subscribed.is_news(request_id, name, tag, value):
            client.send([73, 1, request_id, name, "", tag, value, "USD"])


def send_summary(
    client: ApiClient,
    request_id: int,
    tags: tuple[str, ...],
    account: Account,
    market: Market,
    at: datetime,
) -> None:
    """Send the asked tags of an account summary."""
    name = account.account_id
    for tag, value in account.values(market, at).items():
        if tag in tags and client.subscribed.is_news(request_id, name, tag, value):
            client.send([63, 1, request_id, name, tag, value, "USD"])


def send_profit(
    client: ApiClient,
    request_id: int,
    asked: ProfitSubscription,
    account: Account,
    market: Market,
    at: datetime,
) -> None:
    """Send daily, unrealized and realized profit; of one contract the day's part is not known."""
    if not asked.con_id:
        values = account.values(market, at)
        unrealized, realized = values["UnrealizedPnL"], values["RealizedPnL"]
        daily = values["NetLiquidation"] - account.worth_before_today
        client.send([94, request_id, daily, unrealized, realized])
        return
    position = account.positions.get(asked.con_id)
    if position is None:
        client.send([95, request_id, 0, 0.0, 0.0, 0.0, 0.0])
        return
    value = mark_value(position, market, at)
    unrealized = value - position.quantity * position.average_cost
    client.send([95, request_id, position.quantity, unrealized, unrealized, Decimal(0), value])
