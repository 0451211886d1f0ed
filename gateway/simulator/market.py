"""The one market of a simulator: contracts, quotes and hours."""

from datetime import datetime
from decimal import Decimal

from gateway.simulator.config import SimulatorConfig
from gateway.simulator.contracts import Contract, ContractTable
from gateway.simulator.hours import TradingSession
from gateway.simulator.model import ModelQuotes, second_of
from gateway.simulator.pricing import OptionModel, black_scholes
from gateway.simulator.quotes import NO_QUOTE, Quote, QuoteSource
from gateway.simulator.replay import RecordedQuotes
from gateway.simulator.trading_days import TradingDays


class Market:
    """Quotes of every contract; constant within a whole second of market time.

    Raises:
        QuotesFileError: The recorded quotes of the configuration cannot be used.
    """

    def __init__(self, config: SimulatorConfig) -> None:
        self.ticker = config.ticker
        self.days = TradingDays(_sessions(config))
        self._source = _source(config, self.days)
        self.volatility = float(config.volatility)
        self.contracts = ContractTable(
            ticker=config.ticker,
            lists=self._source.lists,
            expiries=self._source.expiries,
            strikes=self._source.strikes,
        )
        self._second = -1
        self._quotes: dict[int, Quote] = {}
        self._models: dict[int, OptionModel] = {}
        self._spot: Decimal | None = None

    def spot(self, at: datetime) -> Decimal:
        """Return the underlying's price, USD per share."""
        second = self._turn_to(at)
        if self._spot is None:
            self._spot = self._source.spot(second)
        return self._spot

    def move_spot(self, at: datetime, spot: Decimal) -> None:
        """Move the underlying from this second on; ValueError if the quotes are recorded."""
        self._source.move_spot(second_of(at), spot)
        self._second = -1

    def quote(self, contract: Contract, at: datetime) -> Quote:
        """Return a quote: of a combo the natural one, NO_QUOTE where there is none."""
        if contract.sec_type == "BAG":
            return self._combo_quote(contract, at)
        second = self._turn_to(at)
        quote = self._quotes.get(contract.con_id)
        if quote is None:
            quote = self._quotes[contract.con_id] = self._fresh(contract, second, at)
        return quote

    def is_expired(self, contract: Contract, at: datetime) -> bool:
        """Tell whether an option's last session is over and its expiry processed."""
        if contract.sec_type != "OPT":
            return False
        return self.days.is_expired(contract.expiry_date, at)

    @property
    def moves(self) -> list[tuple[int, float]]:
        """Return the moves of the underlying that were asked for; see ``QuoteSource``."""
        return self._source.moves

    def restore_moves(self, moves: list[tuple[int, float]]) -> None:
        """Take over the moves of an earlier run."""
        self._source.restore_moves(moves)
        self._second = -1

    def greeks(self, contract: Contract, at: datetime) -> OptionModel:
        """Return the model price and Greeks of an option, at the nominal volatility."""
        second = self._turn_to(at)
        model = self._models.get(contract.con_id)
        if model is None:
            expires_at = self.days.expires_at(contract.expiry_date)
            model = self._models[contract.con_id] = black_scholes(
                spot=float(self.spot(at)),
                strike=float(contract.strike),
                right=contract.right,
                life_seconds=expires_at.timestamp() - second,
                volatility=self.volatility,
            )
        return model

    def _turn_to(self, at: datetime) -> int:
        """Forget what was computed for another second."""
        second = second_of(at)
        if second != self._second:
            self._second = second
            self._quotes.clear()
            self._models.clear()
            self._spot = None
        return second

    def _fresh(self, contract: Contract, second: int, at: datetime) -> Quote:
        if not self.days.at(at).is_quoting(contract.sec_type, at):
            return NO_QUOTE
        if contract.sec_type == "STK":
            return self._source.underlying(second)
        if self.is_expired(contract, at):
            return NO_QUOTE
        return self._source.option(contract, second)

    def _combo_quote(self, combo: Contract, at: datetime) -> Quote:
        bid = ask = Decimal(0)
        bid_sizes: list[int] = []
        ask_sizes: list[int] = []
        for leg in combo.legs:
            quote, weight = self.quote(leg.contract, at), combo.weight(leg)
            if not quote.is_two_sided:
                return NO_QUOTE
            if leg.action == "BUY":
                bid, ask = bid + weight * quote.bid, ask + weight * quote.ask
                near, far = quote.bid_size, quote.ask_size
            else:
                bid, ask = bid - weight * quote.ask, ask - weight * quote.bid
                near, far = quote.ask_size, quote.bid_size
            bid_sizes.append(near // leg.ratio)
            ask_sizes.append(far // leg.ratio)
        return Quote(bid=bid, ask=ask, bid_size=min(bid_sizes), ask_size=min(ask_sizes))


def _sessions(config: SimulatorConfig) -> tuple[TradingSession, ...]:
    return tuple(
        TradingSession(ticker=config.ticker, open_at=hours.open_at, close_at=hours.close_at)
        for hours in config.sessions
    )


def _source(config: SimulatorConfig, days: TradingDays) -> QuoteSource:
    if config.quotes_file is not None:
        return RecordedQuotes(config.quotes_file, config.ticker, days)
    return ModelQuotes(seed=config.seed, days=days, spot=config.spot, volatility=config.volatility)
