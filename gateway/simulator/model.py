"""The model market: a pure function of (seed, whole second, contract).

The underlying follows spot x exp(sum of keyed normal steps), one step per second, in both
directions from the first open; between 20:00 and 04:00 New York and on days without a session it
stands still. Each day, until five minutes after the open, volatility is
15 % of its nominal value; it then rises evenly over five minutes to nominal, where it stays.
Options are Black-Scholes with the nominal volatility, quoted around the model price rounded to the
cent, two or three cents wide: the natural price of a vertical lies 0.02 to 0.03 from its mid. The
bid never falls below one tick, so a worthless option can still be closed.

For the first half hour all options are bid up for one second in every three, by 8, 12 and 16 % in
turn: the flicker of a busy open. The dearer leg of a vertical gains more than the cheaper one, so
its credit is richer by as much: more than half the width of its quote for any credit that is worth
selling. An order resting at the mid is then reached by the natural price. Calm and
flicker together give a ladder that starts at the open its fill within ten rungs, although it never
goes above the mid.
"""

import bisect
import itertools
import math
from datetime import UTC, datetime
from decimal import Decimal

from gateway.simulator.contracts import TICK, Contract, parse_expiry
from gateway.simulator.draws import between, normal
from gateway.simulator.hours import weekdays_from
from gateway.simulator.pricing import YEAR_SECONDS, black_scholes
from gateway.simulator.quoted_seconds import QuotedSeconds
from gateway.simulator.quotes import Quote
from gateway.simulator.trading_days import TradingDays

_CALM_SHARE = 0.15
_CALM_SECONDS = 300
_RAMP_SECONDS = 300
_SMALLEST_SIZE, _LARGEST_SIZE = 40, 240
_STRIKE_STEP = Decimal("0.5")
_CHAIN_HALF_WIDTH = 60
_CHAIN_EXPIRIES = 20
_NARROW_CENTS, _WIDE_CENTS = 2, 3
# An option above this price is quoted three cents wide instead of two.
_WIDE_FROM = 1.0
_FLICKER_UNTIL_SECONDS = 1800
_FLICKER_EVERY_SECONDS = 3
# A jump moves within its three seconds, so that no five-second rhythm meets it twice in a row.
_FLICKER_SHIFT = 2
_FLICKERS = (1.08, 1.12, 1.16)


class ModelQuotes:
    """Quotes computed from the seed; spot is the underlying's price at the first open."""

    def __init__(self, *, seed: int, days: TradingDays, spot: Decimal, volatility: Decimal) -> None:
        self._seed = seed
        self._days = days
        self._open_spot = float(spot)
        self._volatility = float(volatility)
        self._begin_seconds = [int(begin.timestamp()) for begin in days.begins]
        self._open_seconds = [int(session.open_at.timestamp()) for session in days.sessions]
        self._open_second = self._open_seconds[0]
        self._quoted = QuotedSeconds(days)
        self._first_flicker = between(0, _FLICKER_EVERY_SECONDS - 1, seed, "flicker")
        # Log-returns since the first open, per second after it and per second before it.
        self._after = [0.0]
        self._before = [0.0]
        self._moved_seconds: list[int] = []
        self._moved_by: list[float] = []
        center = int(spot)
        low, high = max(center - _CHAIN_HALF_WIDTH, 1), center + _CHAIN_HALF_WIDTH
        self.strikes = tuple(Decimal(strike) for strike in range(low, high + 1))
        first, last = days.sessions[0].session_date, days.sessions[-1].session_date
        listed = itertools.takewhile(lambda day: day <= last, weekdays_from(first))
        count = sum(1 for _ in listed) - 1 + _CHAIN_EXPIRIES
        self.expiries = tuple(
            f"{day:%Y%m%d}" for day in itertools.islice(weekdays_from(first), count)
        )

    def lists(self, expiry: str, strike: Decimal, right: str) -> bool:
        """Tell whether an option exists: any weekday, any positive multiple of 0.50."""
        try:
            day = parse_expiry(expiry)
        except ValueError:
            return False
        on_grid = strike > 0 and strike % _STRIKE_STEP == 0
        return day.weekday() < 5 and on_grid and right in {"C", "P"}

    def spot(self, second: int) -> Decimal:
        """Return the underlying's price, to the cent."""
        return _to_cents(self._spot(second)) * TICK

    def underlying(self, second: int) -> Quote:
        """Return the underlying's quote, one cent either side of its price."""
        spot = self.spot(second)
        return Quote(
            bid=spot - TICK,
            ask=spot + TICK,
            bid_size=self._size("underlying", second, "bid"),
            ask_size=self._size("underlying", second, "ask"),
        )

    def option(self, contract: Contract, second: int) -> Quote:
        """Return an option's quote."""
        expires_at = self._days.expires_at(contract.expiry_date)
        price = black_scholes(
            spot=float(self.spot(second)),
            strike=float(contract.strike),
            right=contract.right,
            life_seconds=expires_at.timestamp() - second,
            volatility=self._volatility,
        ).price
        price *= self._flicker(self._since_open(second))
        width = _WIDE_CENTS if price >= _WIDE_FROM else _NARROW_CENTS
        bid = max(_to_cents(price) - 1, 1)
        return Quote(
            bid=bid * TICK,
            ask=(bid + width) * TICK,
            bid_size=self._size(contract.local_symbol, second, "bid"),
            ask_size=self._size(contract.local_symbol, second, "ask"),
        )

    def move_spot(self, second: int, spot: Decimal) -> None:
        """Move the underlying to a price from this second on; its steps stay the same."""
        if spot <= 0:
            raise ValueError("spot must be above 0")
        if self._moved_seconds and second < self._moved_seconds[-1]:
            raise ValueError("the spot was already moved at a later second")
        factor = math.log(float(spot) / self._unmoved(second))
        self._moved_seconds.append(second)
        self._moved_by.append(factor)

    @property
    def moves(self) -> list[tuple[int, float]]:
        """Return every move of the underlying: from which second on, and the log of its factor."""
        return list(zip(self._moved_seconds, self._moved_by, strict=True))

    def restore_moves(self, moves: list[tuple[int, float]]) -> None:
        """Take over the moves of an earlier run."""
        self._moved_seconds = [second for second, _ in moves]
        self._moved_by = [factor for _, factor in moves]

    def _since_open(self, second: int) -> int:
        """Return seconds since the open of the session in force; negative before it."""
        return second - self._open_seconds[self._session(second)]

    def _session(self, second: int) -> int:
        return max(bisect.bisect_right(self._begin_seconds, second) - 1, 0)

    def _flicker(self, since_open: int) -> float:
        if not 0 <= since_open < _FLICKER_UNTIL_SECONDS:
            return 1.0
        block, place = divmod(since_open, _FLICKER_EVERY_SECONDS)
        jumps_at = (self._first_flicker + _FLICKER_SHIFT * block) % _FLICKER_EVERY_SECONDS
        if place != jumps_at:
            return 1.0
        return _FLICKERS[block % len(_FLICKERS)]

    def _size(self, name: str, second: int, side: str) -> int:
        return between(_SMALLEST_SIZE, _LARGEST_SIZE, self._seed, "size", name, second, side)

    def _spot(self, second: int) -> float:
        moves = bisect.bisect_right(self._moved_seconds, second)
        factor = self._moved_by[moves - 1] if moves else 0.0
        return self._unmoved(second) * math.exp(factor)

    def _unmoved(self, second: int) -> float:
        return self._open_spot * math.exp(
            self._return_before(second) if second < self._open_second else self._return(second)
        )

    def _return(self, second: int) -> float:
        """Return the sum of the steps after the first open, up to a second."""
        path, steps = self._after, self._quoted.up_to(second)
        while len(path) <= steps:
            path.append(path[-1] + self._step(self._quoted.second(len(path))))
        return path[steps]

    def _return_before(self, second: int) -> float:
        """Return minus the sum of the steps from a second to the first open."""
        path, steps = self._before, min(self._open_second - second, self._quoted.before_open)
        while len(path) <= steps:
            path.append(path[-1] - self._step(self._open_second - len(path)))
        return path[steps]

    def _step(self, second: int) -> float:
        share = volatility_share(self._since_open(second))
        deviation = self._volatility * share / math.sqrt(YEAR_SECONDS)
        return deviation * normal(self._seed, "step", second - self._open_second)


def volatility_share(since_open: int) -> float:
    """Return the part of nominal volatility in force so many seconds after the open."""
    ramped = min(max(since_open - _CALM_SECONDS, 0) / _RAMP_SECONDS, 1.0)
    return _CALM_SHARE + (1 - _CALM_SHARE) * ramped


def second_of(at: datetime) -> int:
    """Return the whole epoch second that an instant lies in."""
    return int(at.timestamp() // 1)


def instant_of(second: int) -> datetime:
    """Return an epoch second as an aware UTC instant."""
    return datetime.fromtimestamp(second, UTC)


def _to_cents(price: float) -> int:
    return math.floor(price * 100 + 0.5)
