"""Trades of others in our accounts: tagged, told once a day, never repaired."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from gateway.floor import TradingFloor
from shared.domain.alerts import AlertType
from shared.domain.external_trades import (
    ExternalTrade,
    external_trade,
    held_by_others,
    holding,
    supersedes,
)
from shared.domain.fills import COMBO_KEY
from shared.domain.followers import AccountId
from shared.domain.options import ContractKey, underlying_key
from shared.domain.spreads import Spread
from shared.ports.broker import Execution, Sweep
from shared.ports.external_trades import ExternalTradeBook
from shared.use_cases.record_execution import order_of

_OUR_REFERENCES = "SP-"


class ForeignTrades:
    """What others did in the contracts that we trade, kept in memory and in the database.

    Args:
        floor: What the leader works with.
        book: Where it is kept.
    """

    def __init__(self, floor: TradingFloor, book: ExternalTradeBook) -> None:
        self._floor = floor
        self._book = book
        self._trades: dict[str, ExternalTrade] = {}

    def adopt(self, trades: Iterable[ExternalTrade]) -> None:
        """Keep what the database has."""
        self._trades.update({trade.trade_id: trade for trade in trades})

    def held_by_others(self, account_id: AccountId) -> Mapping[ContractKey, int]:
        """What an account holds that is not ours, by contract, signed."""
        return held_by_others(self._trades.values(), account_id)

    async def tag(self, sweep: Sweep, spreads: Mapping[AccountId, list[Spread]]) -> None:
        """Keep every execution of others in the contracts of these spreads.

        What looks like an assignment or exercise (an option at zero, shares at a strike) is
        none of them: the positions say what it was.

        Raises:
            AdapterError: If the database cannot be written; it is tagged at the next look.
        """
        floor = self._floor
        date = floor.session.session_date
        seen = [
            external_trade(
                broker_exec_id=one.broker_exec_id,
                account_id=one.account_id,
                session_date=date,
                contract_key=one.contract_key,
                side=one.side,
                quantity=one.quantity,
                price=one.price,
                perm_id=one.perm_id,
                at=one.at,
            )
            for one in self.foreign_in(sweep, spreads)
            if not is_settlement_like(one, spreads[one.account_id])
        ]
        news = await self._keep(seen)
        for account_id in sorted({trade.account_id for trade in news}):
            await self._tell(account_id, [one for one in news if one.account_id == account_id])

    def foreign_in(
        self, sweep: Sweep, spreads: Mapping[AccountId, list[Spread]]
    ) -> list[Execution]:
        """Executions of a sweep that are not ours, in contracts that are."""
        return [
            one
            for one in sweep.executions
            if one.contract_key != COMBO_KEY
            and one.contract_key in contract_keys(spreads.get(one.account_id, ()))
            and not one.order_ref.startswith(_OUR_REFERENCES)
            and order_of(one, self._floor.desk) is None
        ]

    async def take_stock(self, account_id: AccountId, held: Mapping[ContractKey, int]) -> None:
        """Keep what an account holds while nothing of ours is in it: all of it is others'.

        Raises:
            AdapterError: If the database cannot be written; it is kept at the next look.
        """
        floor = self._floor
        known = self.held_by_others(account_id)
        await self._keep(
            [
                holding(
                    account_id=account_id,
                    session_date=floor.session.session_date,
                    contract_key=key,
                    quantity=quantity,
                    at=floor.clock.now(),
                )
                for key, quantity in held.items()
                if known.get(key, 0) != quantity
            ]
        )

    async def _keep(self, trades: Iterable[ExternalTrade]) -> list[ExternalTrade]:
        news = [one for one in trades if supersedes(one, self._trades.get(one.trade_id))]
        if news:
            await self._book.record(news)
            self.adopt(news)
        return news

    async def _tell(self, account_id: AccountId, trades: list[ExternalTrade]) -> None:
        told = "; ".join(
            f"{one.quantity:+d} {one.contract_key} at {one.price}" for one in trades[:5]
        )
        await self._floor.raise_alert(
            AlertType.EXTERNAL_TRADE,
            account_id,
            f"account {account_id} traded without us in what we trade for it: {told}; it is "
            "written down and left alone",
        )


def is_settlement_like(execution: Execution, spreads: Iterable[Spread]) -> bool:
    """Tell whether an execution may be part of an assignment or exercise of these spreads."""
    for spread in spreads:
        if execution.contract_key == underlying_key(spread.symbol):
            is_whole = execution.quantity % spread.multiplier == 0
            strikes = (spread.long_strike, spread.short_strike)
            if is_whole and execution.price in strikes:
                return True
        elif execution.price == 0:
            return True
    return False


def contract_keys(spreads: Iterable[Spread]) -> set[ContractKey]:
    """Legs and underlyings of spreads."""
    keys: set[ContractKey] = set()
    for spread in spreads:
        keys |= {underlying_key(spread.symbol), spread.long_contract.key, spread.short_contract.key}
    return keys
