"""Limits that the Gateway does not take: far through the market, or without any risk.

IBKR does not publish its bounds; ours are unverified and stated here. Too far is a limit that pays
(or gives away) more than 5.00 per share beyond the natural price, for a share alone more than
10 % of it. Riskless is a combination that cannot lose at expiry if it trades at its limit.
"""

from datetime import datetime
from decimal import Decimal

from gateway.simulator.contracts import Contract
from gateway.simulator.margin import intrinsic
from gateway.simulator.market import Market
from gateway.simulator.tickets import Ticket

_FARTHEST = Decimal("5.00")
_FARTHEST_SHARE = Decimal("0.10")


def is_too_far(market: Market, contract: Contract, ticket: Ticket, at: datetime) -> bool:
    """Tell whether a limit is far through the market; without quotes nothing is."""
    limit, quote = ticket.worked_limit, market.quote(contract, at)
    if limit is None or not quote.is_two_sided:
        return False
    through = limit - quote.ask if ticket.sign > 0 else quote.bid - limit
    farthest = quote.mid * _FARTHEST_SHARE if contract.sec_type == "STK" else _FARTHEST
    return through > farthest


def is_riskless(contract: Contract, ticket: Ticket) -> bool:
    """Tell whether a combination of one expiry cannot lose, whatever the underlying does."""
    limit = ticket.worked_limit
    options = [leg.contract for leg in contract.legs if leg.contract.sec_type == "OPT"]
    if limit is None or not options or len({option.expiry for option in options}) > 1:
        return False
    strikes = sorted({option.strike for option in options})
    spots = [Decimal(0), *strikes]
    if any(ticket.sign * (_worth(contract, spot) - limit) < 0 for spot in spots):
        return False
    beyond = _worth(contract, strikes[-1] + 1) - _worth(contract, strikes[-1])
    return ticket.sign * beyond >= 0


def _worth(combo: Contract, spot: Decimal) -> Decimal:
    """Return what a bought combo is worth per share when the underlying ends at a price."""
    worth = (leg.sign * combo.weight(leg) * _worth_of_leg(leg.contract, spot) for leg in combo.legs)
    return sum(worth, Decimal(0))


def _worth_of_leg(contract: Contract, spot: Decimal) -> Decimal:
    return spot if contract.sec_type == "STK" else intrinsic(contract, spot)
