"""The position watch: what the broker holds, compared with the books, and what explains it.

Two complete readings ten seconds apart must show the same before anything is concluded, or
executions at the strikes must show it. What assignments and exercises explain is booked;
whatever else it is goes to people, and nothing is touched.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from gateway.custody.assignment_words import mismatch_words, settlement_words
from gateway.custody.closing_prices import life_of
from gateway.custody.foreign_trades import ForeignTrades, contract_keys
from gateway.custody.suspects import Suspects
from gateway.floor import TradingFloor
from shared.adapters.json_log import log_event
from shared.domain.alerts import AlertType
from shared.domain.assignment import Life, Settled, Unexplained, explain
from shared.domain.followers import AccountId, LoginId
from shared.domain.options import ContractKey, underlying_key
from shared.domain.orders import LIVE_STATES, Order
from shared.domain.positions import Position
from shared.domain.spreads import Spread
from shared.ports.broker import Broker, Execution
from shared.ports.fills import FillBook
from shared.use_cases.book_settlement import settlement_fills
from shared.use_cases.read_books import read_books

SECOND_READING = timedelta(seconds=10)
_PATIENCE_READINGS = 3
"""Incomplete readings in a row before people are told."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Comparison:
    """A login's books against ours.

    Attributes:
        differences: By account, what the broker holds less what is explained; equal ones out.
        foreign: Executions that are not ours, in contracts that are.
    """

    differences: Mapping[AccountId, Mapping[ContractKey, int]]
    foreign: tuple[Execution, ...]


class PositionWatch:
    """Compares what the broker holds with the books, and books what options became.

    Args:
        floor: What the leader works with.
        foreign: Trades of others.
        fills: Fills in the database.
        suspects: Knows what may have become of each position.
    """

    def __init__(
        self,
        floor: TradingFloor,
        foreign: ForeignTrades,
        fills: FillBook,
        suspects: Suspects,
    ) -> None:
        self._floor = floor
        self._foreign = foreign
        self._fills = fills
        self._suspects = suspects
        self._incomplete: dict[LoginId, int] = {}
        self._ticker: ContractKey | None = None

    async def check(self, broker: Broker) -> None:
        """Compare one login with the books, and conclude what two readings agree on.

        Raises:
            AdapterError: If broker or database failed; nothing is concluded then.
        """
        spreads = self._spreads(broker)
        await self._name(broker, spreads)
        first = await self._compare(broker, spreads)
        if first is None or not first.differences:
            return
        log_event("positions_differ", severity="WARNING", login=broker.login_id)
        proved = await self._conclude(first, first.differences, by_execution=True)
        waiting = {key: one for key, one in first.differences.items() if key not in proved}
        if not waiting:
            return
        clock = self._floor.clock
        await clock.sleep_until(clock.now() + SECOND_READING)
        second = await self._compare(broker, spreads)
        if second is not None:
            agreed = {
                account_id: one
                for account_id, one in waiting.items()
                if second.differences.get(account_id) == one
            }
            await self._conclude(second, agreed, by_execution=False)

    def _spreads(self, broker: Broker) -> dict[AccountId, list[Spread]]:
        """What is traded in each account of a login, each spread once."""
        found: dict[AccountId, dict[str, Spread]] = {key: {} for key in broker.accounts()}
        for order in self._floor.desk.orders():
            if order.login_id == broker.login_id:
                spread = order.spread
                found.setdefault(order.account_id, {})[spread.spread_id] = spread
        return {account_id: list(spreads.values()) for account_id, spreads in found.items()}

    @staticmethod
    async def _name(broker: Broker, spreads: Mapping[AccountId, list[Spread]]) -> None:
        """Look everything up: what was never looked up has a name of its own."""
        for spread in {one.spread_id: one for own in spreads.values() for one in own}.values():
            await broker.resolve(spread.symbol, [leg.contract for leg in spread.opening_legs])

    async def _compare(
        self, broker: Broker, spreads: Mapping[AccountId, list[Spread]]
    ) -> _Comparison | None:
        """Read a login's books and compare; None where they are not complete."""
        desk = self._floor.desk
        reading = await read_books(broker, desk=desk, now=self._floor.clock.now())
        if not (reading.is_whole or self._may_be_empty(spreads)):
            await self._tell_of_incomplete(broker.login_id)
            return None
        self._incomplete.pop(broker.login_id, None)
        await self._foreign.tag(reading.sweep, spreads)
        differences: dict[AccountId, Mapping[ContractKey, int]] = {}
        ticker = await self._underlying()
        for account_id, own in spreads.items():
            keys = contract_keys(own) | {ticker}
            held = {key: reading.sweep.positions.get((account_id, key), 0) for key in keys}
            if self._is_untouched(account_id):
                await self._foreign.take_stock(account_id, held)
                continue
            found = self._differences(account_id, held)
            if found or self._is_overdue(account_id):
                differences[account_id] = found
        foreign = tuple(self._foreign.foreign_in(reading.sweep, spreads))
        return _Comparison(differences=differences, foreign=foreign)

    async def _underlying(self) -> ContractKey:
        """What is traded, known before anything is planned; read once."""
        if self._ticker is None:
            self._ticker = underlying_key((await self._floor.controls.trading()).ticker)
        return self._ticker

    def _may_be_empty(self, spreads: Mapping[AccountId, list[Spread]]) -> bool:
        """Tell whether books that show nothing may be true.

        They may where all that we hold has expired, or is being exercised away. Were they a
        degraded session's after all, the next honest reading does not add up and is told.
        """
        now = self._floor.clock.now()
        return all(
            life_of(position.spread, now) is not Life.ALIVE
            or self._suspects.is_exercised(position.position_id)
            for position in self._floor.desk.positions()
            if position.account_id in spreads and position.is_open
        )

    def _is_untouched(self, account_id: AccountId) -> bool:
        """Tell whether nothing of ours can be in an account yet."""
        return not any(
            _may_have_traded(order)
            for order in self._floor.desk.orders()
            if order.account_id == account_id
        )

    def _is_overdue(self, account_id: AccountId) -> bool:
        """Tell whether expired options are still held, by both books, after the night."""
        now = self._floor.clock.now()
        return any(
            position.held(contract.key) and life_of(position.spread, now) is Life.SETTLED
            for position in self._positions(account_id)
            for contract in (position.spread.long_contract, position.spread.short_contract)
        )

    def _differences(
        self, account_id: AccountId, held: Mapping[ContractKey, int]
    ) -> dict[ContractKey, int]:
        expected = dict(self._foreign.held_by_others(account_id))
        for position in self._positions(account_id):
            for leg in position.legs:
                expected[leg.contract_key] = expected.get(leg.contract_key, 0) + leg.quantity
        return {
            key: difference
            for key, count in sorted(held.items())
            if (difference := count - expected.get(key, 0))
        }

    def _positions(self, account_id: AccountId) -> list[Position]:
        positions = self._floor.desk.positions()
        return [position for position in positions if position.account_id == account_id]

    async def _conclude(
        self,
        comparison: _Comparison,
        differences: Mapping[AccountId, Mapping[ContractKey, int]],
        *,
        by_execution: bool,
    ) -> set[AccountId]:
        """Explain differences; returns the accounts that are explained or need no second look."""
        done: set[AccountId] = set()
        for account_id, own in differences.items():
            suspects = await self._suspects.of(account_id, comparison.foreign)
            answer = explain([one.suspect for one in suspects], own)
            if by_execution and not self._suspects.prove(suspects, answer):
                self._suspects.hold_closings(suspects, own)
                continue
            done.add(account_id)
            match answer:
                case Unexplained.WAITING:
                    log_event("clearing_awaited", account=account_id)
                case Unexplained.MISMATCH:
                    await self._tell_of_mismatch(account_id, own)
                case _:
                    for settled in answer:
                        await self._book(settled)
        return done

    async def _book(self, settled: Settled) -> None:
        """Tell of what options became, and make it durable before anything is done about it."""
        floor = self._floor
        position = floor.desk.position(settled.position_id)
        order = self._suspects.opened_by(settled.position_id)
        if position is None or order is None:
            return
        now = floor.clock.now()
        life = life_of(position.spread, now)
        log_event("options_settled", position=settled.position_id, assigned=settled.assigned)
        if settled.assigned or settled.exercised:
            words = settlement_words(position, settled, life)
            await self._alert(AlertType.ASSIGNMENT_DETECTED, position, words)
        is_over = life is not Life.ALIVE
        fills = settlement_fills(
            position,
            order,
            settled,
            booked=floor.desk.fills_in(settled.position_id),
            session_date=position.spread.expiry if is_over else floor.session.session_date,
            at=now,
        )
        # One commit: half an assignment would be one more riddle to the next leader.
        await self._fills.record(fills)
        floor.desk.book(fills)
        if settled.exercised:
            await self._suspects.exercise_proved(settled.position_id)
        if settled.assigned and settled.assigned == settled.exercised:
            words = f"{position.follower_id}: the width of {position.spread.spread_id} is booked"
            await self._alert(AlertType.ASSIGNMENT_COMPENSATED, position, words)

    async def _alert(self, alert_type: AlertType, position: Position, words: str) -> None:
        await self._floor.raise_alert(
            alert_type, position.position_id, words, follower_id=position.follower_id
        )

    async def _tell_of_incomplete(self, login_id: LoginId) -> None:
        """Tell of books that go on lacking what we hold: degraded, or somebody emptied them."""
        log_event("books_incomplete", severity="WARNING", login=login_id)
        self._incomplete[login_id] = self._incomplete.get(login_id, 0) + 1
        if self._incomplete[login_id] == _PATIENCE_READINGS:
            words = (
                f"the broker's books of login {login_id} lack what we hold by ours, "
                f"{_PATIENCE_READINGS} readings in a row; nothing was concluded or touched"
            )
            await self._floor.raise_alert(AlertType.POSITION_MISMATCH, login_id, words)

    async def _tell_of_mismatch(
        self, account_id: AccountId, differences: Mapping[ContractKey, int]
    ) -> None:
        owners = {one.account_id: one.follower_id for one in self._floor.desk.orders()}
        follower_id = owners.get(account_id)
        await self._floor.raise_alert(
            AlertType.POSITION_MISMATCH,
            follower_id or account_id,
            mismatch_words(account_id, owners, differences),
            follower_id=follower_id,
        )


def _may_have_traded(order: Order) -> bool:
    is_live = order.state in LIVE_STATES
    return is_live or bool(order.rungs) or bool(order.filled_quantity)
