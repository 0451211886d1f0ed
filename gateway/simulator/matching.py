"""The fill rule.

An order fills only at or through the simulator's own quote:

* Each leg must be in its trading hours and quoted on both sides, uncrossed.
* The natural price of a combo is the sum of the asks of the legs it buys minus the sum of the
  bids of those it sells (for SELL: what it receives). A BUY fills if its limit is at least that, a
  SELL if its limit is at most that, a market order always.
* It fills at the natural price, not at its limit: an improvement goes to the order. Every leg is
  executed at its own ask or bid, so the legs add up to the combo's price exactly.
* At most the displayed size fills in one second: the least over the legs of size // ratio. Each
  account has the displayed size to itself, so no outcome depends on the order in which sockets
  are read.
* About one fill in four takes a part only. Whether and how much is a draw keyed by seed, account,
  order reference, rung (modifications so far) and fills so far.

It is checked when an order arrives or is modified and on each whole second of market time.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from gateway.simulator.accounts import Account
from gateway.simulator.contracts import ComboLeg, Contract
from gateway.simulator.draws import between, uniform
from gateway.simulator.market import Market
from gateway.simulator.model import second_of
from gateway.simulator.orders import Order

_PARTIAL_SHARE = 0.25


@dataclass(frozen=True, kw_only=True, slots=True)
class NaturalLeg:
    """One leg at its own side of the quote; quantity is signed, per unit of the order."""

    leg: ComboLeg
    quantity: int
    price: Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class Natural:
    """What an order would trade at now: net price, units available, and its legs."""

    price: Decimal
    size: int
    legs: tuple[NaturalLeg, ...]


def is_trading(market: Market, contract: Contract, at: datetime, *, extended: bool = False) -> bool:
    """Tell whether every leg is in its trading hours; ``extended``: a stock's are 04:00-20:00."""
    session = market.days.at(at)
    if extended and contract.sec_type == "STK":
        return session.is_quoting("STK", at)
    return all(session.is_trading(leg.contract.sec_type, at) for leg in contract.parts())


def natural(
    market: Market, account: Account, contract: Contract, sign: int, at: datetime
) -> Natural | None:
    """Return the natural price for a buyer (sign +1) or seller (-1), or None without quotes."""
    price = Decimal(0)
    size: int | None = None
    legs: list[NaturalLeg] = []
    second = second_of(at)
    for leg in contract.parts():
        quote = market.quote(leg.contract, at)
        if not quote.is_two_sided:
            return None
        side = sign * leg.sign
        leg_price, shown = (quote.ask, quote.ask_size) if side > 0 else (quote.bid, quote.bid_size)
        left = account.untaken(leg.contract.con_id, side, shown, second) // leg.ratio
        size = left if size is None else min(size, left)
        price += leg.sign * contract.weight(leg) * leg_price
        legs.append(NaturalLeg(leg=leg, quantity=side * leg.ratio, price=leg_price))
    return Natural(price=price, size=size or 0, legs=tuple(legs))


def is_marketable(order: Order, price: Decimal) -> bool:
    """Tell whether an order's limit is at or through a natural price."""
    limit = order.ticket.worked_limit
    return limit is None or (limit - price) * order.ticket.sign >= 0


def units_filled(seed: int, order: Order, available: int) -> int:
    """Return how many units fill now: all that remain, the displayed size, or a drawn part."""
    most = min(order.remaining, available)
    key = (order.ticket.account, order.reference, order.sequence, order.rung, order.fills)
    if most > 1 and uniform(seed, "partial", *key) < _PARTIAL_SHARE:
        return between(1, most - 1, seed, "part", *key)
    return most
