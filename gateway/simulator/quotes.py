"""A quote, and what any source of quotes must answer."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from gateway.simulator.contracts import Contract


@dataclass(frozen=True, kw_only=True, slots=True)
class Quote:
    """Best bid and ask, USD per share (a combo's may be negative), and displayed sizes."""

    bid: Decimal
    ask: Decimal
    bid_size: int
    ask_size: int

    @property
    def is_two_sided(self) -> bool:
        """Tell whether both sides are there and not crossed: only then does anything trade."""
        return self.bid_size > 0 and self.ask_size > 0 and self.bid <= self.ask

    @property
    def mid(self) -> Decimal:
        """Return the middle of bid and ask, unrounded."""
        return (self.bid + self.ask) / 2


# IBKR's "no data" is a price of -1 with size 0; with a size, -1 is a lawful combo price.
NO_QUOTE = Quote(bid=Decimal(-1), ask=Decimal(-1), bid_size=0, ask_size=0)


class QuoteSource(Protocol):
    """Where prices come from: the model or a recorded session. Seconds are epoch seconds."""

    @property
    def expiries(self) -> tuple[str, ...]:
        """Expiries shown in option chains, as YYYYMMDD."""
        ...

    @property
    def strikes(self) -> tuple[Decimal, ...]:
        """Strikes shown in option chains, in USD."""
        ...

    def lists(self, expiry: str, strike: Decimal, right: str) -> bool:
        """Tell whether an option exists."""
        ...

    def spot(self, second: int) -> Decimal:
        """Return the underlying's price, USD per share."""
        ...

    def underlying(self, second: int) -> Quote:
        """Return the underlying's quote."""
        ...

    def option(self, contract: Contract, second: int) -> Quote:
        """Return an option's quote."""
        ...

    @property
    def moves(self) -> list[tuple[int, float]]:
        """Moves of the underlying that were asked for: second and log of the factor."""
        ...

    def restore_moves(self, moves: list[tuple[int, float]]) -> None:
        """Take over the moves of an earlier run."""
        ...

    def move_spot(self, second: int, spot: Decimal) -> None:
        """Move the underlying to a price from this second on; ValueError if it cannot."""
        ...
