"""A login's books beside ours: what the broker holds less what our books explain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from gateway.custody.closing_prices import life_of
from gateway.custody.foreign_trades import ForeignTrades, contract_keys
from gateway.custody.suspects import Suspects
from gateway.floor import TradingFloor
from shared.domain.assignment import Life
from shared.domain.followers import AccountId
from shared.domain.options import ContractKey, underlying_key
from shared.domain.orders import LIVE_STATES, Order
from shared.domain.positions import Position
from shared.domain.spreads import Spread
from shared.ports.broker import Broker, Execution, Sweep
from shared.use_cases.read_books import read_books


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """A login's books against ours.

    Attributes:
        read_at: Market time of the reading (UTC).
        is_whole: False where the books show less than we know of; nothing agrees by those.
        held: By account, what the broker holds of the contracts that we trade there.
        differences: By account, what the broker holds less what is explained; equal ones out.
        foreign: Executions that are not ours, in contracts that are.
    """

    read_at: datetime
    is_whole: bool
    held: Mapping[AccountId, Mapping[ContractKey, int]]
    differences: Mapping[AccountId, Mapping[ContractKey, int]]
    foreign: tuple[Execution, ...]


class Comparing:
    """Compares a login's books with ours; concludes nothing.

    Args:
        floor: What the leader works with.
        foreign: Trades of others.
        suspects: Knows what may have become of each position.
    """

    def __init__(self, floor: TradingFloor, foreign: ForeignTrades, suspects: Suspects) -> None:
        self._floor = floor
        self._foreign = foreign
        self._suspects = suspects
        self._ticker: ContractKey | None = None

    async def compare(self, broker: Broker) -> Comparison | None:
        """Read a login's books and compare them; None where they are not complete.

        Raises:
            AdapterError: If broker or database failed.
        """
        desk, spreads = self._floor.desk, self._spreads(broker)
        await self._name(broker, spreads)
        reading = await read_books(broker, desk=desk, now=self._floor.clock.now())
        if not (reading.is_whole or self._may_be_empty(spreads)):
            return None
        read_at = self._floor.clock.now()
        await self._foreign.tag(reading.sweep, spreads)
        held = await self._held(reading.sweep, spreads)
        return Comparison(
            read_at=read_at,
            is_whole=reading.is_whole,
            held=held,
            differences=await self._all_differences(held),
            foreign=tuple(self._foreign.foreign_in(reading.sweep, spreads)),
        )

    def differences(
        self, account_id: AccountId, held: Mapping[ContractKey, int]
    ) -> dict[ContractKey, int]:
        """What an account holds less what our books explain by now; equal ones left out."""
        expected = dict(self._foreign.held_by_others(account_id))
        for position in self._positions(account_id):
            for leg in position.legs:
                expected[leg.contract_key] = expected.get(leg.contract_key, 0) + leg.quantity
        return {
            key: difference
            for key, count in sorted(held.items())
            if (difference := count - expected.get(key, 0))
        }

    def holds_expired(self, account_id: AccountId, *lives: Life) -> bool:
        """Tell whether our books still hold options that have come so far."""
        now = self._floor.clock.now()
        return any(
            position.held(contract.key) and life_of(position.spread, now) in lives
            for position in self._positions(account_id)
            for contract in (position.spread.long_contract, position.spread.short_contract)
        )

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

    async def _held(
        self, sweep: Sweep, spreads: Mapping[AccountId, list[Spread]]
    ) -> dict[AccountId, Mapping[ContractKey, int]]:
        ticker = await self._underlying()
        return {
            account_id: {
                key: sweep.positions.get((account_id, key), 0)
                for key in contract_keys(own) | {ticker}
            }
            for account_id, own in spreads.items()
        }

    async def _all_differences(
        self, held: Mapping[AccountId, Mapping[ContractKey, int]]
    ) -> dict[AccountId, Mapping[ContractKey, int]]:
        differences: dict[AccountId, Mapping[ContractKey, int]] = {}
        for account_id, own in held.items():
            if self._is_untouched(account_id):
                await self._foreign.take_stock(account_id, own)
                continue
            found = self.differences(account_id, own)
            if found or self.holds_expired(account_id, Life.SETTLED):
                differences[account_id] = found
        return differences

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

    def _positions(self, account_id: AccountId) -> list[Position]:
        positions = self._floor.desk.positions()
        return [position for position in positions if position.account_id == account_id]


def _may_have_traded(order: Order) -> bool:
    is_live = order.state in LIVE_STATES
    return is_live or bool(order.rungs) or bool(order.filled_quantity)
