"""What one brokerage account holds, and what a trade does to it.

Fees as IBKR's fixed United States schedule: 0.65 USD per option contract; 0.005 per share, at
least 1.00. IBKR's average cost includes the multiplier and the fees of the opening trades.
"""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from gateway.simulator.contracts import Contract
from gateway.simulator.margin import initial_margin, stock_value
from gateway.simulator.market import Market

OPTION_FEE = Decimal("0.65")
SHARE_FEE = Decimal("0.005")
LEAST_STOCK_FEE = Decimal("1.00")
_REG_T_BUYING_POWER = 4
_CENT = Decimal("0.01")


@dataclass(slots=True)
class Position:
    """A holding: signed contracts or shares, and average cost in USD of one of them."""

    contract: Contract
    quantity: int = 0
    average_cost: Decimal = Decimal(0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Booking:
    """Fee and realized profit of one leg, USD; nothing is realized by an opening trade."""

    commission: Decimal
    realized: Decimal | None


@dataclass(slots=True)
class DisplayedTaken:
    """How much of the displayed sizes an account has taken in one second."""

    second: int = -1
    taken: dict[tuple[int, int], int] = field(default_factory=dict)


class Account:
    """One account: cash in USD, positions by contract id and realized profit."""

    def __init__(self, account_id: str, cash: Decimal) -> None:
        self.account_id = account_id
        self.cash = cash
        self.realized = Decimal(0)
        self.realized_before_today = Decimal(0)
        self.worth_before_today = cash
        self.positions: dict[int, Position] = {}
        self.lapsed: dict[int, int] = {}
        self.exercising: dict[int, int] = {}
        self._displayed = DisplayedTaken()

    def quantity(self, con_id: int) -> int:
        """Return the signed holding of a contract."""
        position = self.positions.get(con_id)
        return position.quantity if position else 0

    def book(self, contract: Contract, quantity: int, price: Decimal) -> Booking:
        """Book a trade of a signed quantity at a price per share, with its fee."""
        commission = fee(contract, quantity)
        realized = self.move(contract, quantity, price * contract.multiplier, commission)
        return Booking(commission=commission, realized=realized)

    def move(
        self, contract: Contract, quantity: int, value: Decimal, commission: Decimal
    ) -> Decimal | None:
        """Change a holding by a signed quantity, each worth ``value`` USD.

        Returns:
            The profit realized after the fee, or None if the holding only grew.
        """
        self.cash -= quantity * value + commission
        position = self.positions.setdefault(contract.con_id, Position(contract))
        held = position.quantity
        position.quantity += quantity
        if held * quantity >= 0:
            cost = held * position.average_cost + quantity * value + commission
            position.average_cost = cost / position.quantity
            return None
        closed = min(abs(held), abs(quantity)) * (1 if held > 0 else -1)
        realized = closed * (value - position.average_cost) - commission
        self.realized += realized
        if abs(quantity) > abs(held):
            position.average_cost = value
        return realized

    def drop_empty(self) -> None:
        """Forget positions of zero, after subscribers have been told of the zero."""
        empty = [con_id for con_id, position in self.positions.items() if not position.quantity]
        for con_id in empty:
            del self.positions[con_id]

    def untaken(self, con_id: int, sign: int, displayed: int, second: int) -> int:
        """Return what is left for this account of a size displayed in a second."""
        if self._displayed.second != second:
            self._displayed = DisplayedTaken(second)
        return displayed - self._displayed.taken.get((con_id, sign), 0)

    def take(self, con_id: int, sign: int, quantity: int) -> None:
        """Use up part of a displayed size until the next second."""
        key = (con_id, sign)
        self._displayed.taken[key] = self._displayed.taken.get(key, 0) + quantity

    def holdings(self) -> list[tuple[Contract, int]]:
        """Return contracts and signed quantities."""
        return [(p.contract, p.quantity) for p in self.positions.values()]

    def equity_with_loan(self, spot: Decimal) -> Decimal:
        """Return cash and stock; options do not count, as at IBKR under Reg T."""
        return self.cash + stock_value(self.holdings(), spot)

    def begin_day(self, worth: Decimal) -> None:
        """Count the day's profit from now on; worth is the net liquidation value, USD."""
        self.realized_before_today = self.realized
        self.worth_before_today = worth

    def values(self, market: Market, at: datetime) -> dict[str, Decimal]:
        """Return the account values that the API calls tags, in USD rounded to the cent."""
        spot = market.spot(at)
        marked = [(p, mark_value(p, market, at)) for p in self.positions.values()]
        worth = sum((value for _, value in marked), Decimal(0))
        gross = sum((abs(value) for _, value in marked), Decimal(0))
        unrealized = sum((v - p.quantity * p.average_cost for p, v in marked), Decimal(0))
        equity = self.equity_with_loan(spot)
        margin = initial_margin(self.holdings(), spot)
        tags = {
            "NetLiquidation": self.cash + worth,
            "TotalCashValue": self.cash,
            "EquityWithLoanValue": equity,
            "InitMarginReq": margin,
            "MaintMarginReq": margin,
            "FullInitMarginReq": margin,
            "FullMaintMarginReq": margin,
            "AvailableFunds": equity - margin,
            "ExcessLiquidity": equity - margin,
            "BuyingPower": (equity - margin) * _REG_T_BUYING_POWER,
            "GrossPositionValue": gross,
            "UnrealizedPnL": unrealized,
            "RealizedPnL": self.realized - self.realized_before_today,
        }
        return {tag: value.quantize(_CENT) for tag, value in tags.items()}


def fee(contract: Contract, quantity: int) -> Decimal:
    """Return the broker's fee of one trade, USD."""
    if contract.sec_type == "OPT":
        return OPTION_FEE * abs(quantity)
    return max(SHARE_FEE * abs(quantity), LEAST_STOCK_FEE)


def mark_price(contract: Contract, market: Market, at: datetime) -> Decimal:
    """Return the mid, USD per share; without quotes the model's price or the last spot."""
    quote = market.quote(contract, at)
    if quote.is_two_sided:
        return quote.mid
    if contract.sec_type == "STK":
        return market.spot(at)
    return Decimal(str(round(market.greeks(contract, at).price, 4)))


def mark_value(position: Position, market: Market, at: datetime) -> Decimal:
    """Return the signed market value of a position, USD."""
    price = mark_price(position.contract, market, at)
    return position.quantity * position.contract.multiplier * price
