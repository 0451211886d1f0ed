"""The position watch: what the broker holds, compared with the books, and what explains it.

Two complete readings ten seconds apart must show the same before anything is concluded, or
executions at the strikes must show it. What assignments and exercises explain is booked;
whatever else it is goes to people, and nothing is touched.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from gateway.custody.account_book import AccountBook
from gateway.custody.assignment_words import disagreement, mismatch_words, settlement_words
from gateway.custody.closing_prices import life_of
from gateway.custody.comparing import Comparing, Comparison
from gateway.custody.foreign_trades import ForeignTrades
from gateway.custody.suspects import Suspects
from gateway.floor import TradingFloor
from shared.adapters.json_log import log_event
from shared.domain.alerts import AlertType
from shared.domain.assignment import Life, Settled, Unexplained, explain
from shared.domain.followers import AccountId, LoginId
from shared.domain.options import ContractKey
from shared.domain.positions import Position
from shared.ports.broker import Broker
from shared.ports.fills import FillBook
from shared.use_cases.book_settlement import settlement_fills

SECOND_READING = timedelta(seconds=10)
_PATIENCE_READINGS = 3
"""Incomplete readings in a row before people are told."""


class PositionWatch:
    """Compares what the broker holds with the books, and books what options became.

    Args:
        floor: What the leader works with.
        foreign: Trades of others.
        fills: Fills in the database.
        suspects: Knows what may have become of each position.
        accounts: Where what was compared is put on record.
    """

    def __init__(
        self,
        floor: TradingFloor,
        foreign: ForeignTrades,
        fills: FillBook,
        suspects: Suspects,
        accounts: AccountBook,
    ) -> None:
        self._floor = floor
        self._comparing = Comparing(floor, foreign, suspects)
        self._fills = fills
        self._suspects = suspects
        self._accounts = accounts
        self._incomplete: dict[LoginId, int] = {}

    async def check(self, broker: Broker) -> None:
        """Compare one login with the books, and conclude what two readings agree on.

        What was compared is put on record, account by account; an incomplete reading is not.

        Raises:
            AdapterError: If broker or database failed; nothing is concluded then.
        """
        first = await self._compare(broker)
        if first is None:
            return
        last = await self._look_into(broker, first) if first.differences else first
        self._record(broker, last)

    async def _compare(self, broker: Broker) -> Comparison | None:
        found = await self._comparing.compare(broker)
        if found is None:
            await self._tell_of_incomplete(broker.login_id)
        else:
            self._incomplete.pop(broker.login_id, None)
        return found

    async def _look_into(self, broker: Broker, first: Comparison) -> Comparison:
        """Conclude what can be of a comparison that differs; gives the last complete one."""
        log_event("positions_differ", severity="WARNING", login=broker.login_id)
        proved = await self._conclude(first, first.differences, by_execution=True)
        waiting = {key: one for key, one in first.differences.items() if key not in proved}
        if not waiting:
            return first
        clock = self._floor.clock
        await clock.sleep_until(clock.now() + SECOND_READING)
        second = await self._compare(broker)
        if second is None:
            return first
        agreed = {
            account_id: one
            for account_id, one in waiting.items()
            if second.differences.get(account_id) == one
        }
        await self._conclude(second, agreed, by_execution=False)
        return second

    def _record(self, broker: Broker, last: Comparison) -> None:
        """Put every account that the login carries on record."""
        self._accounts.record(
            self._accounts.snapshot(
                account_id,
                broker.login_id,
                held=last.held[account_id],
                why=self._why_not(account_id, last),
                checked_at=last.read_at,
            )
            for account_id in broker.accounts()
            if account_id in last.held
        )

    def _why_not(self, account_id: AccountId, last: Comparison) -> str:
        """Say why broker and books do not agree by now; empty where they do."""
        # What was concluded meanwhile is booked: it may explain what differed.
        is_settled = account_id not in last.differences
        held = last.held[account_id]
        return disagreement(
            {} if is_settled else self._comparing.differences(account_id, held),
            is_whole=last.is_whole,
            awaits_clearing=self._comparing.holds_expired(account_id, Life.EXPIRING, Life.SETTLED),
        )

    async def _conclude(
        self,
        comparison: Comparison,
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
