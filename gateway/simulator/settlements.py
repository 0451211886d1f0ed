"""Exercise, assignment and expiry: how an option becomes stock, or nothing.

Nobody is told but through positions, as at IBKR; with ``tells_executions`` each settlement also
appears as executions without an order (id 0, permanent id 0): the option at 0, the shares at the
strike. That IBKR reports them so is unverified.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from gateway.simulator import order_messages
from gateway.simulator.accounts import Account
from gateway.simulator.book import OrderBook
from gateway.simulator.clients import ApiClient
from gateway.simulator.config import ExerciseProcessing
from gateway.simulator.contracts import Contract
from gateway.simulator.draws import digest
from gateway.simulator.hours import TradingSession
from gateway.simulator.margin import intrinsic
from gateway.simulator.market import Market
from gateway.simulator.orders import Execution

# OCC exercises by itself what is in the money by at least a cent.
_EXERCISED_FROM = Decimal("0.01")
_NOTHING = Decimal(0)


@dataclass(frozen=True, kw_only=True, slots=True)
class SettlementRules:
    """When exercises are processed, and whether settlements are told as executions."""

    exercise: ExerciseProcessing = ExerciseProcessing.AT_ONCE
    tells_executions: bool = False


class Settlements:
    """Settles the options of one login's accounts; ``clients`` is its table of connections."""

    def __init__(
        self,
        *,
        rules: SettlementRules,
        market: Market,
        book: OrderBook,
        accounts: dict[str, Account],
        clients: dict[int, ApiClient],
        account_changed: Callable[[Account], None],
    ) -> None:
        self._rules = rules
        self._market = market
        self._book = book
        self._accounts = accounts
        self._clients = clients
        self._account_changed = account_changed

    def exercise(self, account: Account, contract: Contract, quantity: int, at: datetime) -> None:
        """Take an exercise of a long option, at once or with the expiries after the close.

        Raises:
            ValueError: The account holds fewer that are not exercised or lapsed already.
        """
        self._require_unlapsed(account, contract, quantity)
        if self._rules.exercise is ExerciseProcessing.AFTER_CLOSE:
            asked = account.exercising.get(contract.con_id, 0)
            account.exercising[contract.con_id] = asked + quantity
            return
        self._settle(account, contract, quantity, quantity, at)
        self._account_changed(account)

    def lapse(self, account: Account, contract: Contract, quantity: int) -> None:
        """Keep contracts from being exercised by themselves at expiry.

        Raises:
            ValueError: The account holds fewer that are not exercised or lapsed already.
        """
        self._require_unlapsed(account, contract, quantity)
        account.lapsed[contract.con_id] = account.lapsed.get(contract.con_id, 0) + quantity

    def assign(self, account: Account, contract: Contract, quantity: int, at: datetime) -> None:
        """Assign short contracts: they are gone and their shares are there.

        Raises:
            ValueError: The account is short fewer of them.
        """
        held = account.quantity(contract.con_id)
        if quantity < 1 or held > -quantity:
            raise ValueError(f"{account.account_id} holds {held} of {contract.local_symbol}")
        self._settle(account, contract, -quantity, -quantity, at)
        self._account_changed(account)

    def process(self, session: TradingSession, at: datetime) -> None:
        """Carry out exercises that wait, then settle what expired, at the closing spot.

        Options out of the money vanish; those in it become stock at the strike.
        """
        spot = self._market.spot(session.close_at)
        for account in self._accounts.values():
            held = [(one, quantity) for one, quantity in account.holdings() if _is_option(one)]
            changes = [self._process(account, *one, session, spot, at) for one in held]
            account.exercising.clear()
            if any(changes):
                self._account_changed(account)

    def _process(
        self,
        account: Account,
        contract: Contract,
        held: int,
        session: TradingSession,
        spot: Decimal,
        at: datetime,
    ) -> bool:
        asked = account.exercising.get(contract.con_id, 0)
        if contract.expiry_date > session.session_date:
            if asked:
                self._settle(account, contract, asked, asked, at)
            return asked > 0
        lapsed = min(account.lapsed.pop(contract.con_id, 0), max(held, 0))
        by_itself = held - lapsed if intrinsic(contract, spot) >= _EXERCISED_FROM else 0
        self._settle(account, contract, held, by_itself or min(asked, max(held, 0)), at)
        return True

    def _settle(
        self, account: Account, contract: Contract, closed: int, exercised: int, at: datetime
    ) -> None:
        """Close a signed quantity of an option at 0 and deliver the exercised part's stock."""
        account.move(contract, -closed, _NOTHING, _NOTHING)
        rows = [(contract, -closed, _NOTHING)]
        if exercised:
            stock = self._market.contracts.underlying
            shares = exercised * contract.multiplier * (1 if contract.right == "C" else -1)
            account.move(stock, shares, contract.strike, _NOTHING)
            rows.append((stock, shares, contract.strike))
        if self._rules.tells_executions:
            own = (row for row in self._book.executions if row.account == account.account_id)
            number = sum(1 for _ in own)
            executions = [
                _execution(account, *row, number=number, part=part, at=at)
                for part, row in enumerate(rows, start=1)
            ]
            self._tell(executions)

    def _tell(self, executions: list[Execution]) -> None:
        self._book.executions += executions
        for client in self._clients.values():
            for row in executions:
                client.send(
                    order_messages.exec_details(
                        order_messages.LIVE_REQUEST, row, client.server_version
                    )
                )

    def _require_unlapsed(self, account: Account, contract: Contract, quantity: int) -> None:
        con_id = contract.con_id
        spoken_for = account.exercising.get(con_id, 0) + account.lapsed.get(con_id, 0)
        if not 0 < quantity <= account.quantity(con_id) - spoken_for:
            raise ValueError("no unlapsed position exists in this option")


def _is_option(contract: Contract) -> bool:
    return contract.sec_type == "OPT"


def _execution(
    account: Account,
    contract: Contract,
    quantity: int,
    price: Decimal,
    *,
    number: int,
    part: int,
    at: datetime,
) -> Execution:
    key = (account.account_id, contract.local_symbol, number)
    return Execution(
        exec_id=f"{digest('settled', *key) & 0xFFFFFFFF:08x}.{number:08x}.{part:02x}.01",
        contract=contract,
        side="BOT" if quantity > 0 else "SLD",
        shares=abs(quantity),
        price=price,
        cumulative=abs(quantity),
        average_price=price,
        at=at,
        account=account.account_id,
        order_id=0,
        client_id=0,
        perm_id=0,
        order_ref="",
    )
