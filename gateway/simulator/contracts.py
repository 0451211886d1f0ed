"""Contracts as the Gateway describes them, and the table that knows which exist.

Contract ids are hashes of (symbol, expiry, strike, right), so they do not depend on the order of
requests. A combo (BAG) always has the id 28812380, as at IBKR.
"""

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from gateway.simulator.draws import identifier
from gateway.simulator.frames import Field
from gateway.simulator.queries import ContractQuery

BAG_CON_ID = 28812380
OPTION_MULTIPLIER = 100
TICK = Decimal("0.01")

_PRIMARY_EXCHANGES = {"QQQ": "NASDAQ"}
_TRADING_CLASSES = {"QQQ": "NMS"}


@dataclass(frozen=True, kw_only=True, slots=True)
class ComboLeg:
    """One leg of a combo: per unit bought, ``ratio`` contracts are bought or sold."""

    contract: "Contract"
    ratio: int
    action: str
    exchange: str

    @property
    def sign(self) -> int:
        """Return +1 for a leg that a bought combo buys, -1 for one that it sells."""
        return 1 if self.action == "BUY" else -1


@dataclass(frozen=True, kw_only=True, slots=True)
class Contract:
    """A stock (STK), an option (OPT) or a combo (BAG); expiry is YYYYMMDD text, strike USD."""

    con_id: int
    symbol: str
    sec_type: str
    expiry: str = ""
    strike: Decimal = Decimal(0)
    right: str = ""
    multiplier: int = 1
    exchange: str = "SMART"
    primary_exchange: str = ""
    currency: str = "USD"
    local_symbol: str = ""
    trading_class: str = ""
    legs: tuple[ComboLeg, ...] = ()

    @property
    def expiry_date(self) -> date:
        """Return the expiry of an option; ValueError for anything else."""
        return parse_expiry(self.expiry)

    @property
    def multiplier_text(self) -> str:
        """Return the multiplier as printed: only options have one."""
        return str(self.multiplier) if self.sec_type == "OPT" else ""

    @property
    def listing(self) -> str:
        """Return the exchange shown on positions: the stock's own one, none for options."""
        return self.primary_exchange

    def parts(self) -> tuple[ComboLeg, ...]:
        """Return the legs; a single contract is its own only leg."""
        return self.legs or (
            ComboLeg(contract=self, ratio=1, action="BUY", exchange=self.exchange),
        )

    def weight(self, leg: ComboLeg) -> Decimal:
        """Return what a leg's price counts in the net price.

        A net price is per share: an option counts its ratio, 100 shares beside an option once.
        """
        return Decimal(leg.ratio * leg.contract.multiplier) / self.multiplier

    def short(self, exchange: str | None = None) -> list[Field]:
        """Return the 11 fields of a contract in server messages."""
        return [
            self.con_id,
            self.symbol,
            self.sec_type,
            self.expiry,
            self.strike,
            self.right,
            self.multiplier_text,
            self.exchange if exchange is None else exchange,
            self.currency,
            self.local_symbol,
            self.trading_class,
        ]


def parse_expiry(expiry: str) -> date:
    """Return the date of YYYYMMDD text; ValueError if it is none."""
    if len(expiry) != 8 or not expiry.isdigit():
        raise ValueError(f"{expiry!r} is not a date as YYYYMMDD")
    return date(int(expiry[:4]), int(expiry[4:6]), int(expiry[6:]))


class ContractTable:
    """The contracts of one underlying, made when first asked for.

    ``lists`` decides which options exist; ``expiries`` and ``strikes`` are those shown in chains.
    """

    def __init__(
        self,
        *,
        ticker: str,
        lists: Callable[[str, Decimal, str], bool],
        expiries: tuple[str, ...],
        strikes: tuple[Decimal, ...],
    ) -> None:
        self.underlying = _underlying(ticker)
        self.expiries = expiries
        self.strikes = strikes
        self._lists = lists
        self._by_id: dict[int, Contract] = {self.underlying.con_id: self.underlying}
        self._options: dict[tuple[str, Decimal, str], Contract] = {}
        self._chain: dict[int, tuple[str, Decimal, str]] | None = None

    def option(self, expiry: str, strike: Decimal, right: str) -> Contract | None:
        """Return an option, or None if it is not listed.

        Raises:
            ValueError: Its id is already that of another contract.
        """
        # Equal decimals of different precision are one strike and must print alike.
        key = (expiry, _plain(strike), right)
        known = self._options.get(key)
        if known is not None:
            return known
        if not self._lists(*key):
            return None
        contract = _option(self.underlying.symbol, *key)
        other = self._by_id.setdefault(contract.con_id, contract)
        if other is not contract:
            raise ValueError(f"{contract.local_symbol} and {other.local_symbol} share an id")
        self._options[key] = contract
        return contract

    def by_id(self, con_id: int) -> Contract | None:
        """Return the contract with an id, also one of the chain that nobody named so far."""
        known = self._by_id.get(con_id)
        if known is not None:
            return known
        key = self._chain_ids().get(con_id)
        return self.option(*key) if key else None

    def find(self, query: ContractQuery) -> Contract | None:
        """Return the one contract that a query names, or None."""
        if query.con_id:
            return self.by_id(query.con_id)
        if query.local_symbol and query.sec_type in {"", "OPT"}:
            return self.by_local_symbol(query.local_symbol)
        if query.symbol != self.underlying.symbol:
            return None
        if query.sec_type == "STK":
            return self.underlying
        if query.sec_type == "OPT" and query.expiry and query.strike and query.right:
            return self.option(query.expiry, query.strike, query.right)
        return None

    def by_local_symbol(self, local_symbol: str) -> Contract | None:
        """Return the option of an OCC symbol such as ``QQQ   261123P00597000``, or None."""
        symbol, code = local_symbol[:6].strip(), local_symbol[6:]
        if symbol != self.underlying.symbol or len(code) != 15 or not code[7:].isdigit():
            return None
        return self.option(f"20{code[:6]}", Decimal(int(code[7:])) / 1000, code[6])

    def matching(self, query: ContractQuery) -> list[Contract]:
        """Return every contract of the chain that fits a query with empty fields."""
        one = self.find(query)
        if one is not None:
            return [one]
        if query.con_id or query.sec_type != "OPT" or query.symbol != self.underlying.symbol:
            return []
        expiries = [e for e in self.expiries if e.startswith(query.expiry)]
        strikes = [query.strike] if query.strike else list(self.strikes)
        rights = [query.right] if query.right else ["C", "P"]
        found = itertools.starmap(self.option, itertools.product(expiries, strikes, rights))
        return [option for option in found if option is not None]

    def combo(self, query: ContractQuery) -> Contract | None:
        """Return a combo of known legs, or None if a leg is unknown.

        Its multiplier is that of its options; a combo of stocks alone is priced per share.
        """
        legs: list[ComboLeg] = []
        for leg in query.legs:
            contract = self.by_id(leg.con_id)
            if contract is None:
                return None
            legs.append(
                ComboLeg(
                    contract=contract, ratio=leg.ratio, action=leg.action, exchange=leg.exchange
                )
            )
        return Contract(
            con_id=BAG_CON_ID,
            symbol=query.symbol,
            sec_type="BAG",
            right="?",
            multiplier=max(leg.contract.multiplier for leg in legs),
            exchange=query.exchange,
            local_symbol=query.symbol,
            trading_class="COMB",
            legs=tuple(legs),
        )

    def _chain_ids(self) -> dict[int, tuple[str, Decimal, str]]:
        if self._chain is None:
            keys: Iterable[tuple[str, Decimal, str]] = itertools.product(
                self.expiries, [_plain(strike) for strike in self.strikes], "CP"
            )
            symbol = self.underlying.symbol
            self._chain = {_option_id(symbol, *key): key for key in keys if self._lists(*key)}
        return self._chain


def _plain(strike: Decimal) -> Decimal:
    whole = strike.to_integral_value()
    return whole if strike == whole else strike.normalize()


def _option_id(symbol: str, expiry: str, strike: Decimal, right: str) -> int:
    return identifier("contract", symbol, expiry, str(strike), right)


def _underlying(ticker: str) -> Contract:
    return Contract(
        con_id=identifier("contract", ticker),
        symbol=ticker,
        sec_type="STK",
        primary_exchange=_PRIMARY_EXCHANGES.get(ticker, "ARCA"),
        local_symbol=ticker,
        trading_class=_TRADING_CLASSES.get(ticker, ticker),
    )


def _option(symbol: str, expiry: str, strike: Decimal, right: str) -> Contract:
    return Contract(
        con_id=_option_id(symbol, expiry, strike, right),
        symbol=symbol,
        sec_type="OPT",
        expiry=expiry,
        strike=strike,
        right=right,
        multiplier=OPTION_MULTIPLIER,
        local_symbol=f"{symbol:<6}{expiry[2:]}{right}{int(strike * 1000):08d}",
        trading_class=symbol,
    )
