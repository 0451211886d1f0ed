"""Leg quotes, and the net quote of a combo made from them.

A combo is priced from its legs, never from a quoted combo: IBKR marks "no data" with -1, which
would be a lawful credit of 1.00 on a combo.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from shared.domain.options import ContractKey
from shared.domain.spreads import Leg, Side


@dataclass(frozen=True, kw_only=True, slots=True)
class Quote:
    """The market in one contract.

    Attributes:
        contract_key: Which contract.
        bid: USD per share; None where there is no bid.
        ask: USD per share; None where there is no offer.
        bid_size: Contracts (or shares) displayed at the bid.
        ask_size: Contracts (or shares) displayed at the ask.
        at: When its feed last proved alive (UTC).
    """

    contract_key: ContractKey
    bid: Decimal | None
    ask: Decimal | None
    bid_size: int
    ask_size: int
    at: datetime

    @property
    def mid(self) -> Decimal | None:
        """Half way between bid and ask, unrounded; None unless two-sided and uncrossed."""
        if self.bid is None or self.ask is None or self.bid > self.ask:
            return None
        return (self.bid + self.ask) / 2

    @property
    def is_crossed(self) -> bool:
        """True where the bid is above the ask: nobody may rely on it."""
        return self.bid is not None and self.ask is not None and self.bid > self.ask

    def age_seconds(self, now: datetime) -> float:
        """Seconds of market time since the feed last proved alive."""
        return (now - self.at).total_seconds()


@dataclass(frozen=True, kw_only=True, slots=True)
class NetQuote:
    """The market in a bought combo; signed USD per share, credit negative.

    Attributes:
        bid: What selling the combo to the market would pay per share.
        ask: What buying it at the legs' own quotes costs: the natural price.
    """

    bid: Decimal
    ask: Decimal

    @property
    def mid(self) -> Decimal:
        """Half way, unrounded; equals long mid minus short mid."""
        return (self.bid + self.ask) / 2

    @property
    def width(self) -> Decimal:
        """Ask minus bid, never negative for uncrossed legs."""
        return self.ask - self.bid


def net_quote(
    legs: tuple[Leg, ...],
    quotes: dict[ContractKey, Quote],
    *,
    now: datetime,
    max_age_seconds: float,
) -> NetQuote | None:
    """Price a bought combo from its legs.

    Returns:
        None where any leg is missing, one-sided, crossed or older than allowed.
    """
    bid = ask = Decimal(0)
    for leg in legs:
        quote = quotes.get(leg.contract.key)
        if quote is None or quote.mid is None or quote.age_seconds(now) > max_age_seconds:
            return None
        if quote.bid is None or quote.ask is None:
            return None
        if leg.side is Side.BUY:
            bid, ask = bid + quote.bid, ask + quote.ask
        else:
            bid, ask = bid - quote.ask, ask - quote.bid
    return NetQuote(bid=bid, ask=ask)
