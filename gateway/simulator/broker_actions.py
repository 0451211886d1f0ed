"""What happens at the broker without any API client: assignment, exercise, orders by hand, log-in.

Contracts are named by their local symbol, e.g. ``QQQ   261123P00597000``; the underlying by its
ticker.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from gateway.simulator import placement
from gateway.simulator.accounts import Account
from gateway.simulator.config import Clock
from gateway.simulator.contracts import Contract
from gateway.simulator.lifecycle import GatewayLifecycle
from gateway.simulator.login import GatewayLogin
from gateway.simulator.market import Market
from gateway.simulator.queries import ContractQuery, QueriedLeg
from gateway.simulator.rejections import Rejected
from gateway.simulator.tickets import Ticket


@dataclass(frozen=True, kw_only=True, slots=True)
class ManualLeg:
    """One leg of an order entered by hand; a single leg is no combo."""

    contract: str
    action: str
    ratio: int = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class ManualOrder:
    """An order entered at the Gateway itself; limit is USD per share, None for a market order."""

    account_id: str
    legs: tuple[ManualLeg, ...]
    action: str
    quantity: int
    limit: Decimal | None
    tif: str = "DAY"


class BrokerActions:
    """Acts on the books of all logins.

    ``catch_up`` first brings them to the present instant; ``settled`` hears of what was done.
    """

    def __init__(
        self,
        *,
        logins: dict[str, GatewayLogin],
        market: Market,
        clock: Clock,
        lifecycle: GatewayLifecycle,
        catch_up: Callable[[], None],
        settled: Callable[[], None],
    ) -> None:
        self._logins = logins
        self._market = market
        self._clock = clock
        self._lifecycle = lifecycle
        self._catch_up = catch_up
        self._settled = settled

    def assign(self, account_id: str, contract: str, quantity: int) -> None:
        """Assign short contracts of an account, without any event but its new positions.

        Raises:
            KeyError: There is no such account.
            ValueError: It is not short that many, or there is no such contract.
        """
        login, account = self._account(account_id)
        at = self._clock.now()
        login.settlements.assign(account, self._contract(contract), quantity, at)
        self._settled()

    def exercise(self, account_id: str, contract: str, quantity: int) -> None:
        """Exercise long contracts of an account by hand.

        Raises:
            KeyError: There is no such account.
            ValueError: It does not hold that many, or there is no such contract.
        """
        login, account = self._account(account_id)
        at = self._clock.now()
        login.settlements.exercise(account, self._contract(contract), quantity, at)
        self._settled()

    def place(self, order: ManualOrder) -> int:
        """Enter an order by hand and return its permanent id.

        Raises:
            KeyError: There is no such account.
            ValueError: The Gateway refuses the order, or there is no such contract.
        """
        login, _ = self._account(order.account_id)
        ticket = _ticket(order.account_id, order.action, order.quantity, order.limit, order.tif)
        try:
            placed = placement.place_manual(login, self._query(order), ticket)
        except Rejected as refusal:
            raise ValueError(f"{refusal.code}: {refusal.text}") from refusal
        self._settled()
        return placed.perm_id

    def liquidate(self, account_id: str) -> int:
        """Close today's expiring options of an account at the market, shorts first, leg by leg.

        So does IBKR, unasked and without a fixed time, where it expects a deficit.

        Returns:
            How many orders that took.

        Raises:
            KeyError: There is no such account.
        """
        login, account = self._account(account_id)
        at = self._clock.now()
        today = self._market.days.at(at).session_date
        expiring = [
            (contract, held)
            for contract, held in account.holdings()
            if contract.sec_type == "OPT" and contract.expiry_date == today and held
        ]
        for contract, held in sorted(expiring, key=lambda one: (one[1], one[0].local_symbol)):
            action = "SELL" if held > 0 else "BUY"
            ticket = _ticket(account_id, action, abs(held), None, "DAY")
            login.book.accept_manual(contract, ticket, at)
        login.wake()
        self._settled()
        return len(expiring)

    def log_in(self, login_id: str) -> None:
        """Log a login in again with its second factor; KeyError if there is none."""
        self._catch_up()
        self._lifecycle.log_in(login_id)
        self._settled()

    def _account(self, account_id: str) -> tuple[GatewayLogin, Account]:
        self._catch_up()
        for login in self._logins.values():
            if account_id in login.accounts:
                return login, login.accounts[account_id]
        raise KeyError(account_id)

    def _query(self, order: ManualOrder) -> ContractQuery:
        legs = tuple(
            QueriedLeg(
                con_id=self._contract(leg.contract).con_id,
                ratio=leg.ratio,
                action=leg.action,
                exchange="SMART",
            )
            for leg in order.legs
        )
        is_combo = len(legs) > 1
        return ContractQuery(
            con_id=0 if is_combo else legs[0].con_id,
            symbol=self._market.ticker,
            sec_type="BAG" if is_combo else "",
            expiry="",
            strike=None,
            right="",
            exchange="SMART",
            local_symbol="",
            legs=legs if is_combo else (),
        )

    def _contract(self, name: str) -> Contract:
        table = self._market.contracts
        if name == self._market.ticker:
            return table.underlying
        found = table.by_local_symbol(name)
        if found is None:
            raise ValueError(f"no contract is named {name!r}; write it as QQQ   261123P00597000")
        return found


def _ticket(account_id: str, action: str, quantity: int, limit: Decimal | None, tif: str) -> Ticket:
    return Ticket(
        action=action,
        quantity=Decimal(quantity),
        order_type="MKT" if limit is None else "LMT",
        limit_price=limit,
        aux_price=None,
        tif=tif,
        oca_group="",
        account=account_id,
        open_close="",
        origin=0,
        order_ref="",
        transmit=True,
        parent_id=0,
        outside_rth=False,
        hidden=False,
    )
