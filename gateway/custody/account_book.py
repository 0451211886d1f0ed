"""Accounts on record: what each held when it was last compared, and whether the books agree."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from datetime import datetime

from gateway.floor import TradingFloor
from shared.adapters.json_log import log_event
from shared.adapters.session_table import session_table
from shared.domain.account_snapshot import AccountSnapshot, is_worth_writing
from shared.domain.errors import AdapterError
from shared.domain.followers import AccountId, LoginId
from shared.domain.options import ContractKey
from shared.ports.accounts import AccountWriter


class AccountBook:
    """Writes snapshots behind the comparisons: one commit for each, and nothing waits for it.

    What has not changed is written at most once a minute. What could not be written is written
    with the next comparison.

    Args:
        floor: What the leader works with.
        accounts: Accounts in the database.
        tasks: Where the work is supervised.
    """

    def __init__(
        self, floor: TradingFloor, accounts: AccountWriter, tasks: asyncio.TaskGroup
    ) -> None:
        self._floor = floor
        self._accounts = accounts
        self._tasks = tasks
        self._written: dict[AccountId, AccountSnapshot] = {}

    def snapshot(
        self,
        account_id: AccountId,
        login_id: LoginId,
        *,
        held: Mapping[ContractKey, int],
        why: str,
        checked_at: datetime,
    ) -> AccountSnapshot:
        """Make an account's snapshot of one complete reading.

        Args:
            account_id: Broker account.
            login_id: Login that carries it.
            held: What the broker holds, by contract.
            why: What does not agree, in words; empty where everything does.
            checked_at: Market time of the reading (UTC).
        """
        session = self._floor.session
        orders = [one for one in self._floor.desk.orders() if one.account_id == account_id]
        asked = [one for one in orders if one.session_date == session.session_date and one.margin]
        margin = asked[-1].margin if asked else None
        before = session_table().previous_session(session.session_date)
        is_open_yet = checked_at >= session.open_at
        return AccountSnapshot(
            account_id=account_id,
            login_id=login_id,
            follower_id=orders[-1].follower_id if orders else None,
            session_date=(session if is_open_yet else before).session_date,
            checked_at=checked_at,
            quantities={key: count for key, count in sorted(held.items()) if count},
            agrees=not why,
            why=why,
            equity_with_loan=margin.equity_after if margin else None,
            currency=margin.currency if margin else None,
        )

    def record(self, snapshots: Iterable[AccountSnapshot]) -> None:
        """Write soon what is worth it."""
        news = [
            one for one in snapshots if is_worth_writing(one, self._written.get(one.account_id))
        ]
        if news:
            self._tasks.create_task(self._write(news))

    async def _write(self, snapshots: list[AccountSnapshot]) -> None:
        # Noted first: a check that comes meanwhile does not write the same again.
        before = {one.account_id: self._written.get(one.account_id) for one in snapshots}
        self._written.update({one.account_id: one for one in snapshots})
        try:
            await self._accounts.write(snapshots)
        except AdapterError as error:
            log_event("accounts_not_written", severity="WARNING", why=str(error))
            for account_id, one in before.items():
                self._forget(account_id, one)

    def _forget(self, account_id: AccountId, before: AccountSnapshot | None) -> None:
        if before is None:
            self._written.pop(account_id, None)
        else:
            self._written[account_id] = before
