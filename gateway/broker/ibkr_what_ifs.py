"""What-ifs that are answered twice: first without figures and with a warning, then with them.

ib_insync 0.9.86 means to pass over the first answer, but compares its text with Python's spelling
of the largest double (e+308) where the IB Gateway prints Java's (E308), and so takes it for the
answer (ib_insync 380). ib_async compares the numbers (ib_async 42).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from gateway.broker.ibkr_codec import decimal_or_none


class Ordered(Protocol):
    """An order of the library: whether it is a what-if."""

    whatIf: bool


class Answered(Protocol):
    """The library's state of an order; of a what-if with its margins."""

    initMarginChange: str | float


class Wrapper(Protocol):
    """Takes the messages of the IB Gateway in."""

    @property
    def openOrder(self) -> Callable[..., object]:
        """Take an order in, or the answer to a what-if."""


def wait_for_figures(wrapper: Wrapper) -> None:
    """Have the library pass over an answer whose margins are all unset: the next one has them."""
    tell = wrapper.openOrder

    def open_order(order_id: int, contract: object, order: Ordered, state: Answered) -> None:
        if not (order.whatIf and _is_unset(state.initMarginChange)):
            tell(order_id, contract, order, state)

    vars(wrapper)["openOrder"] = open_order


def _is_unset(figure: str | float) -> bool:
    text = str(figure)
    return "308" in text and decimal_or_none(text) is None
