"""Everything that survives a restart of the simulator, in one JSON file.

Orders and the ids used, executions, positions, cash, moves of the spot and who is logged out. The
file is written whenever any of it changed, at the end of the same turn of the event loop, and
replaced as a whole; what was due while the simulator was down is done at its start.
"""

import json
import os
from datetime import datetime
from pathlib import Path

from gateway.simulator.accounts import Account, Position
from gateway.simulator.config import ConfigError, Json, SimulatorConfig
from gateway.simulator.lifecycle import GatewayLifecycle
from gateway.simulator.login import GatewayLogin
from gateway.simulator.market import Market
from gateway.simulator.saved_orders import (
    SavedOrders,
    contract_document,
    execution_document,
    order_document,
)
from gateway.simulator.settings_section import Section

_LAYOUT = 1


class SavedState:
    """Writes and restores one simulator's state; without a ``state_file`` it does nothing."""

    def __init__(
        self,
        config: SimulatorConfig,
        *,
        market: Market,
        logins: dict[str, GatewayLogin],
        lifecycle: GatewayLifecycle,
    ) -> None:
        self._path = config.state_file
        self._seed = config.seed
        self._market = market
        self._logins = logins
        self._lifecycle = lifecycle
        self._written: Json = None

    def write(self, stepped_at: datetime) -> None:
        """Write what changed since the last time; ``stepped_at`` is how far time was played."""
        if self._path is None:
            return
        document = self._document()
        if document != self._written:
            _replace(self._path, {"stepped_at": stepped_at.isoformat(), **document})
            self._written = document

    def restore(self) -> datetime | None:
        """Restore what the file holds and return how far time was played; None without a file.

        Raises:
            ConfigError: The file is of another configuration, or cannot be understood.
        """
        if self._path is None or not self._path.exists():
            return None
        try:
            saved = Section(json.loads(self._path.read_text(encoding="utf-8")), "state")
            self._check(saved)
            self._restore(saved)
        except ValueError as error:
            raise ConfigError(f"{self._path} cannot be restored: {error}") from error
        return saved.instant("stepped_at")

    def _document(self) -> dict[str, Json]:
        moves: list[Json] = [[second, factor] for second, factor in self._market.moves]
        return {
            "layout": _LAYOUT,
            "seed": self._seed,
            "ticker": self._market.ticker,
            "moves": moves,
            "logged_out": [*sorted(self._lifecycle.logged_out)],
            "logins": {name: _login_document(login) for name, login in self._logins.items()},
        }

    def _check(self, saved: Section) -> None:
        told = (saved.whole("layout"), saved.whole("seed"), saved.text("ticker"))
        if told != (_LAYOUT, self._seed, self._market.ticker):
            raise ConfigError(
                f"it was written for layout, seed and ticker {told}; "
                "remove the file, or use its configuration"
            )

    def _restore(self, saved: Section) -> None:
        self._market.restore_moves(
            [(row.whole("0"), row.fraction("1")) for row in saved.rows("moves")]
        )
        self._lifecycle.logged_out = {*saved.words("logged_out")}
        orders = SavedOrders(self._market.contracts)
        logins = saved.section("logins")
        for name in logins.names():
            if name not in self._logins:
                raise ConfigError(f"login {name!r} is not configured; add it or remove the file")
            _restore_login(self._logins[name], logins.section(name), orders)


def _login_document(login: GatewayLogin) -> Json:
    book = login.book
    references: list[Json] = [[*key, used] for key, used in book.used_references.items()]
    return {
        "next_ids": {str(client): number for client, number in book.next_ids.items()},
        "used_references": references,
        "orders": [order_document(order) for order in book.orders.values()],
        "executions": [execution_document(row) for row in book.executions],
        "accounts": {name: _account_document(one) for name, one in login.accounts.items()},
    }


def _account_document(account: Account) -> Json:
    positions: list[Json] = [
        [contract_document(one.contract), one.quantity, str(one.average_cost)]
        for one in account.positions.values()
    ]
    return {
        "cash": str(account.cash),
        "realized": str(account.realized),
        "realized_before_today": str(account.realized_before_today),
        "worth_before_today": str(account.worth_before_today),
        "positions": positions,
        "lapsed": {str(con_id): count for con_id, count in account.lapsed.items()},
        "exercising": {str(con_id): count for con_id, count in account.exercising.items()},
    }


def _restore_login(login: GatewayLogin, saved: Section, orders: SavedOrders) -> None:
    book = login.book
    next_ids = saved.section("next_ids")
    book.next_ids = {int(client): next_ids.whole(client) for client in next_ids.names()}
    book.used_references = {
        (row.text("0"), row.text("1")): row.whole("2") for row in saved.rows("used_references")
    }
    for order in [orders.order(one) for one in saved.sections("orders")]:
        book.orders[order.key] = order
        if order.is_live:
            book.live[order.key] = order
    book.executions += [orders.execution(one) for one in saved.sections("executions")]
    accounts = saved.section("accounts")
    for name in accounts.names():
        if name not in login.accounts:
            raise ConfigError(f"account {name!r} is not configured; add it or remove the file")
        _restore_account(login.accounts[name], accounts.section(name), orders)


def _restore_account(account: Account, saved: Section, orders: SavedOrders) -> None:
    account.cash, account.realized = saved.money("cash"), saved.money("realized")
    account.realized_before_today = saved.money("realized_before_today")
    account.worth_before_today = saved.money("worth_before_today")
    for row in saved.rows("positions"):
        contract = orders.named(row.text("0"))
        account.positions[contract.con_id] = Position(contract, row.whole("1"), row.money("2"))
    lapsed, exercising = saved.section("lapsed"), saved.section("exercising")
    account.lapsed = {int(con_id): lapsed.whole(con_id) for con_id in lapsed.names()}
    account.exercising = {int(con_id): exercising.whole(con_id) for con_id in exercising.names()}


def _replace(path: Path, document: Json) -> None:
    """Write a file whole: whoever reads it sees the old one or the new one."""
    fresh = path.with_name(path.name + ".new")
    with fresh.open("w", encoding="utf-8") as file:
        json.dump(document, file)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
