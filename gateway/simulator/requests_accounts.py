"""Requests about accounts and positions."""

from gateway.simulator import account_feeds, rejections
from gateway.simulator.clients import ApiClient, ProfitSubscription
from gateway.simulator.frames import FieldReader
from gateway.simulator.login import GatewayLogin

# Source: IBKR's page on account summaries.
_MOST_SUMMARIES = 2


def account_updates(login: GatewayLogin, client: ApiClient, reader: FieldReader) -> None:
    """Subscribe to one account's values and portfolio, or end it."""
    reader.skip(1)
    is_start = reader.flag()
    account = login.account(reader.text(), -1)
    client.subscribed.account_id = account.account_id if is_start else None
    client.subscribed.forget(0)
    if is_start:
        account_feeds.send_account(client, account, login.market, login.clock.now())
        client.send([54, 1, account.account_id])
        login.wake()


def account_updates_multi(login: GatewayLogin, client: ApiClient, reader: FieldReader) -> None:
    """Subscribe to one account's values under a request id."""
    reader.skip(1)
    request_id = reader.whole()
    account = login.account(reader.text(), request_id)
    client.subscribed.multi[request_id] = account.account_id
    client.subscribed.forget(request_id)
    account_feeds.send_multi(client, request_id, account, login.market, login.clock.now())
    client.send([74, 1, request_id])
    login.wake()


def cancel_account_updates_multi(
    login: GatewayLogin, client: ApiClient, reader: FieldReader
) -> None:
    """End an accountUpdatesMulti subscription."""
    reader.skip(1)
    client.subscribed.multi.pop(reader.whole(), None)


def positions(login: GatewayLogin, client: ApiClient, reader: FieldReader) -> None:
    """Send every position of the login, and every change from now on."""
    client.subscribed.positions = True
    for account in login.accounts.values():
        account_feeds.send_positions(client, account)
    client.send([62, 1])


def cancel_positions(login: GatewayLogin, client: ApiClient, reader: FieldReader) -> None:
    """End the position updates."""
    client.subscribed.positions = False


def account_summary(login: GatewayLogin, client: ApiClient, reader: FieldReader) -> None:
    """Send the asked tags of every account, and again when one changes."""
    reader.skip(1)
    request_id, group = reader.whole(), reader.text()
    if group != "All":
        raise rejections.invalid(request_id, f"There is no account group {group!r}.")
    tags = tuple(reader.text().split(","))
    active = client.subscribed.summaries
    if request_id not in active and len(active) >= _MOST_SUMMARIES:
        raise rejections.too_many_summaries(request_id)
    active[request_id] = tags
    client.subscribed.forget(request_id)
    at = login.clock.now()
    for account in login.accounts.values():
        account_feeds.send_summary(client, request_id, tags, account, login.market, at)
    client.send([64, 1, request_id])
    login.wake()


def cancel_account_summary(login: GatewayLogin, client: ApiClient, reader: FieldReader) -> None:
    """End an account summary."""
    reader.skip(1)
    client.subscribed.summaries.pop(reader.whole(), None)


def profit_and_loss(login: GatewayLogin, client: ApiClient, reader: FieldReader) -> None:
    """Subscribe to an account's profit and loss."""
    request_id = reader.whole()
    account = login.account(reader.text(), request_id)
    _subscribe_profit(login, client, request_id, ProfitSubscription(account.account_id))


def profit_and_loss_single(login: GatewayLogin, client: ApiClient, reader: FieldReader) -> None:
    """Subscribe to the profit and loss of one contract in an account."""
    request_id = reader.whole()
    account = login.account(reader.text(), request_id)
    reader.skip(1)
    asked = ProfitSubscription(account.account_id, reader.whole())
    _subscribe_profit(login, client, request_id, asked)


def cancel_profit_and_loss(login: GatewayLogin, client: ApiClient, reader: FieldReader) -> None:
    """End a profit-and-loss subscription of either kind."""
    client.subscribed.profits.pop(reader.whole(), None)


def _subscribe_profit(
    login: GatewayLogin, client: ApiClient, request_id: int, asked: ProfitSubscription
) -> None:
    client.subscribed.profits[request_id] = asked
    account = login.accounts[asked.account_id]
    at = login.clock.now()
    account_feeds.send_profit(client, request_id, asked, account, login.market, at)
