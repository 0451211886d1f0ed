"""Suspects: positions whose options may have been assigned, exercised or have expired."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from gateway.custody.closing_prices import ClosingPrices, life_of
from gateway.custody.exercising import Exercising
from gateway.floor import TradingFloor
from shared.domain.assignment import (
    Differences,
    Life,
    Settled,
    Suspect,
    Unexplained,
    shares_of_assignment,
    shares_of_exercise,
)
from shared.domain.followers import AccountId
from shared.domain.options import OptionContract, underlying_key
from shared.domain.orders import Order, OrderId, OrderState, Purpose, moved
from shared.domain.positions import Position, PositionId, position_id_of
from shared.domain.reasons import Reason
from shared.ports.broker import Execution
from shared.use_cases.book_settlement import booked_worthless

_UNSENT = frozenset({OrderState.PLANNED, OrderState.CLAIMED})


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """A suspect, and what executions at its strikes show.

    Attributes:
        suspect: The position.
        assigned: Short contracts whose shares were delivered at the strike.
        exercised: Long contracts whose shares were delivered at the strike.
    """

    suspect: Suspect
    assigned: int
    exercised: int


class Suspects:
    """Knows what may have become of each position.

    Args:
        floor: What the leader works with.
        prices: Closing prices.
        exercising: Exercises that we asked for.
        cancel: Cancels a closing order and sees it through, in the background.
    """

    def __init__(
        self,
        floor: TradingFloor,
        prices: ClosingPrices,
        exercising: Exercising,
        cancel: Callable[[OrderId, Reason], None],
    ) -> None:
        self._floor = floor
        self._prices = prices
        self._exercising = exercising
        self._cancel = cancel

    async def of(self, account_id: AccountId, foreign: Sequence[Execution]) -> tuple[Evidence, ...]:
        """Every position of an account that something may have become of.

        Raises:
            AdapterError: If a closing price cannot be read.
        """
        own = [one for one in foreign if one.account_id == account_id]
        found = [
            await self._evidence(position, own)
            for position in self._floor.desk.positions()
            if position.account_id == account_id
        ]
        return tuple(
            one for one in found if one.suspect.position.is_open or one.suspect.booked_worthless > 0
        )

    async def _evidence(self, position: Position, foreign: Sequence[Execution]) -> Evidence:
        spread = position.spread
        assigned = _delivered(foreign, spread.short_contract, is_assignment=True)
        exercised = _delivered(foreign, spread.long_contract, is_assignment=False)
        asked = self._exercising.asked(position.position_id)
        life = life_of(spread, self._floor.clock.now())
        is_over = life is not Life.ALIVE
        booked = self._floor.desk.fills_in(position.position_id)
        suspect = Suspect(
            position=position,
            life=life,
            booked_worthless=booked_worthless(position, booked) if is_over else 0,
            closing_price=await self._prices.of(spread) if is_over else None,
            exercised=max(asked, exercised),
        )
        return Evidence(suspect=suspect, assigned=assigned, exercised=exercised)

    @staticmethod
    def prove(evidence: Sequence[Evidence], settled: Sequence[Settled] | Unexplained) -> bool:
        """Tell whether executions at the strikes show all of it."""
        if isinstance(settled, Unexplained) or not settled:
            return False
        shown = {one.suspect.position.position_id: one for one in evidence}
        return all(
            one.assigned + one.exercised > 0
            and one.assigned <= shown[one.position_id].assigned
            and one.exercised <= shown[one.position_id].exercised
            for one in settled
        )

    def opened_by(self, position_id: PositionId) -> Order | None:
        """The opening order that a position came from; None where it is not on the desk."""
        for order in self._floor.desk.orders():
            is_its = position_id_of(order.follower_id, order.spread) == position_id
            if is_its and order.purpose is Purpose.OPEN:
                return order
        return None

    def hold_closings(self, evidence: Sequence[Evidence], differences: Differences) -> None:
        """Stop the closings of spreads whose short leg seems gone: they would buy it anew."""
        for one in evidence:
            position = one.suspect.position
            live = position.live_closing_order_id
            gone = differences.get(position.spread.short_contract.key, 0)
            delivered = differences.get(underlying_key(position.spread.symbol), 0)
            # A fill between two of the broker's answers moves both legs, and no shares.
            if live is None or gone <= 0 or not delivered:
                continue
            order = self._floor.desk.order(OrderId(live))
            if order.purpose is Purpose.CLOSE and not order.is_terminal:
                self._end(order)

    def _end(self, order: Order) -> None:
        if order.state not in _UNSENT:
            self._cancel(order.order_id, Reason.ASSIGNED)
            return
        skipped = replace(
            moved(order, OrderState.SKIPPED),
            reason=Reason.ASSIGNED,
            detail="its short leg seems to have been assigned",
            finished_at=self._floor.clock.now(),
        )
        self._floor.desk.put(skipped)

    def is_exercised(self, position_id: PositionId) -> bool:
        """Tell whether an exercise of a position's long leg is asked for."""
        return self._exercising.asked(position_id) > 0

    async def exercise_proved(self, position_id: PositionId) -> None:
        """Note that what is held proves an exercise that we asked for."""
        await self._exercising.prove(position_id)


def _delivered(
    foreign: Sequence[Execution], contract: OptionContract, *, is_assignment: bool
) -> int:
    """Contracts whose shares executions show at the strike."""
    per_contract = (shares_of_assignment if is_assignment else shares_of_exercise)(contract, 1)
    shares = sum(
        one.side.sign * one.quantity
        for one in foreign
        if one.contract_key == underlying_key(contract.symbol) and one.price == contract.strike
    )
    return max(0, shares // per_contract) if shares % per_contract == 0 else 0
