"""Exercises that we ask for: written down first, sent once, proved by what is held."""

from __future__ import annotations

from gateway.floor import TradingFloor
from shared.domain.alerts import AlertType
from shared.domain.errors import AdapterError
from shared.domain.exercises import ExerciseWish, exercise_id
from shared.domain.orders import Order
from shared.domain.positions import Position, PositionId
from shared.ports.broker import Broker, ExerciseRequest
from shared.ports.exercises import Exercises
from shared.use_cases.book_settlement import exercises


class Exercising:
    """Asks for exercises and knows which are still out.

    Args:
        floor: What the leader works with.
        book: Exercises in the database.
    """

    def __init__(self, floor: TradingFloor, book: Exercises) -> None:
        self._floor = floor
        self._book = book
        self._pending: dict[PositionId, ExerciseWish] = {}

    async def adopt(self) -> None:
        """Keep what the database has, less what our fills prove already.

        Raises:
            AdapterError: If the database failed.
        """
        for wish in await self._book.pending():
            self._pending[wish.position_id] = wish
            if wish.exercise_id != self._next_id(wish.position_id):
                await self.prove(wish.position_id)

    def asked(self, position_id: PositionId) -> int:
        """Contracts of a position that were asked for and nothing has proved yet."""
        wish = self._pending.get(position_id)
        return wish.quantity if wish else 0

    async def ask(
        self, position: Position, opened_by: Order, quantity: int, broker: Broker
    ) -> None:
        """Ask to exercise long contracts: durable first, then sent, and never again.

        A wish whose send failed or whose answer is lost stays: it may have been sent.

        Raises:
            AdapterError: If the database failed.
        """
        floor = self._floor
        wish = ExerciseWish(
            exercise_id=self._next_id(position.position_id),
            position_id=position.position_id,
            follower_id=position.follower_id,
            account_id=position.account_id,
            login_id=opened_by.login_id,
            session_date=floor.session.session_date,
            contract_key=position.spread.long_contract.key,
            quantity=quantity,
            asked_at=floor.clock.now(),
            is_pending=True,
            fencing_token=floor.lease.token,
        )
        is_new = await self._book.ask(wish, shard=floor.shard, token=floor.lease.token)
        self._pending[position.position_id] = wish
        if is_new:
            await self._send(wish, position, broker)

    async def _send(self, wish: ExerciseWish, position: Position, broker: Broker) -> None:
        """Send a wish once; one that was not sent is for people at once."""
        request = ExerciseRequest(
            account_id=wish.account_id,
            contract=position.spread.long_contract,
            quantity=wish.quantity,
        )
        try:
            broker.exercise(request)
        except AdapterError as error:
            words = (
                f"{wish.follower_id}: the exercise of {wish.quantity} {wish.contract_key} could "
                f"not be sent and is not tried again, act at the broker: {error}"
            )
            await self._floor.raise_alert(
                AlertType.CLOSE_FAILED,
                f"{wish.position_id} exercise",
                words,
                follower_id=wish.follower_id,
            )

    def _next_id(self, position_id: PositionId) -> str:
        """Name a position's next exercise: one more than our fills prove."""
        return exercise_id(position_id, 1 + exercises(self._floor.desk.fills_in(position_id)))

    async def prove(self, position_id: PositionId) -> None:
        """Note that what is held proves it.

        Raises:
            AdapterError: If the database cannot be written; it stays pending there.
        """
        wish = self._pending.get(position_id)
        if wish is not None:
            await self._book.prove(wish.exercise_id)
            del self._pending[position_id]

    async def tell_of_overdue(self) -> None:
        """Page what was asked in an earlier session and nothing proves."""
        floor = self._floor
        for wish in self._pending.values():
            if wish.session_date < floor.session.session_date:
                words = (
                    f"{wish.follower_id}: the exercise of {wish.quantity} {wish.contract_key} was "
                    f"asked for in the session {wish.session_date} and what the account holds "
                    "does not show it; it is not asked again, act at the broker"
                )
                await floor.raise_alert(
                    AlertType.CLOSE_FAILED,
                    f"{wish.position_id} exercise",
                    words,
                    follower_id=wish.follower_id,
                )
