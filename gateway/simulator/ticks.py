"""Quotes as ticks."""

from datetime import datetime

from gateway.simulator import messages
from gateway.simulator.clients import ApiClient, Subscription
from gateway.simulator.frames import Field
from gateway.simulator.market import Market
from gateway.simulator.quotes import Quote

Rows = list[list[Field]]

_SHARES_PER_SECOND = 100


def send_changes(client: ApiClient, market: Market, at: datetime) -> None:
    """Send each streaming subscription what changed since it was last sent."""
    rows: Rows = []
    for request_id, subscription in client.subscribed.quotes.items():
        rows += quote_changes(request_id, subscription, market, at)
        rows += _pulse(request_id, subscription, market, at)
    client.send_all(rows)


def quote_changes(
    request_id: int, subscription: Subscription, market: Market, at: datetime
) -> Rows:
    """Return bid, ask, a stock's last and an option's Greeks, as far as they changed."""
    new, old = market.quote(subscription.contract, at), subscription.sent
    if new is old or new == old:
        return []
    subscription.sent = new
    rows = [*_side(request_id, messages.BID, new, old), *_side(request_id, messages.ASK, new, old)]
    if new.is_two_sided:
        rows += _model(request_id, subscription, market, at)
    return rows


def _pulse(request_id: int, subscription: Subscription, market: Market, at: datetime) -> Rows:
    """Return the underlying's day volume: it grows all session long.

    It proves to clients that the feed lives while a quiet quote stands still, as the tape of a
    busy stock does; recorded quotes change once a minute only.
    """
    session = market.days.at(at)
    if subscription.contract.sec_type != "STK" or not session.is_trading("STK", at):
        return []
    volume = int((at - session.open_at).total_seconds() + 1) * _SHARES_PER_SECOND
    return [messages.tick_size(request_id, messages.VOLUME, volume)]


def _side(request_id: int, tick_type: int, new: Quote, old: Quote | None) -> Rows:
    is_bid = tick_type == messages.BID
    price, size = (new.bid, new.bid_size) if is_bid else (new.ask, new.ask_size)
    if old is None or price != (old.bid if is_bid else old.ask):
        return [messages.tick_price(request_id, tick_type, price, size)]
    if size != (old.bid_size if is_bid else old.ask_size):
        size_type = messages.BID_SIZE if is_bid else messages.ASK_SIZE
        return [messages.tick_size(request_id, size_type, size)]
    return []


def _model(request_id: int, subscription: Subscription, market: Market, at: datetime) -> Rows:
    contract, spot = subscription.contract, market.spot(at)
    if contract.sec_type == "STK":
        return [messages.tick_price(request_id, messages.LAST, spot, 1)]
    if contract.sec_type == "OPT":
        model = market.greeks(contract, at)
        return [messages.tick_option(request_id, market.volatility, model, spot)]
    return []
