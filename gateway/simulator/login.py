"""One IB Gateway login: its accounts, its order book and the API clients connected to it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from gateway.simulator import account_feeds, rejections
from gateway.simulator.accounts import Account
from gateway.simulator.book import OrderBook
from gateway.simulator.clients import ApiClient
from gateway.simulator.config import Clock, SimulatedLogin
from gateway.simulator.contracts import Contract
from gateway.simulator.margin import intrinsic
from gateway.simulator.market import Market
from gateway.simulator.tickets import Ticket

# IBKR accepts 32 API clients per Gateway.
MAX_CLIENTS = 32
# OCC exercises by itself what is in the money by at least a cent.
_EXERCISED_FROM = Decimal("0.01")


class GatewayLogin:
    """The state behind one port; ``wake`` tells the simulator that there is more to watch."""

    def __init__(
        self,
        settings: SimulatedLogin,
        *,
        seed: int,
        market: Market,
        clock: Clock,
        wake: Callable[[], None],
    ) -> None:
        self.login_id = settings.login_id
        self.whatif_twice = settings.whatif_twice
        self.market = market
        self.clock = clock
        self.wake = wake
        self.accounts = {a.account_id: Account(a.account_id, a.cash) for a in settings.accounts}
        self.clients: dict[int, ApiClient] = {}
        self.book = OrderBook(
            seed=seed,
            market=market,
            accounts=self.accounts,
            owner=self.clients.get,
            account_changed=self.push,
        )

    def account(self, account_id: str, request_id: int) -> Account:
        """Return an account of this login; no name means the first; code 321 if unknown."""
        if not account_id:
            return next(iter(self.accounts.values()))
        account = self.accounts.get(account_id)
        if account is None:
            cause = f"The account code '{account_id}' is not valid for this login."
            raise rejections.invalid(request_id, cause)
        return account

    def with_account(self, ticket: Ticket, account: Account) -> Ticket:
        """Return a ticket that names its account."""
        return replace(ticket, account=account.account_id)

    def has_room_for(self, client_id: int) -> bool:
        """Tell whether a client id is free and the login below its limit of clients."""
        return client_id not in self.clients and len(self.clients) < MAX_CLIENTS

    def push(self, account: Account) -> None:
        """Tell the subscribers of an account that it changed, then forget empty positions."""
        at = self.clock.now()
        for client in self.clients.values():
            account_feeds.push(client, account, self.market, at)
        account.drop_empty()

    def expire_options(self) -> None:
        """Settle positions in options whose last session this was, at the closing spot.

        Those out of the money vanish; those in it become stock at the strike. There is no event
        but the position updates, as at IBKR.
        """
        session = self.market.session
        spot = self.market.spot(session.close_at)
        expiry = f"{session.session_date:%Y%m%d}"
        for account in self.accounts.values():
            expiring = [
                (contract, held)
                for contract, held in account.holdings()
                if contract.sec_type == "OPT" and contract.expiry == expiry
            ]
            for contract, held in expiring:
                in_money = intrinsic(contract, spot) >= _EXERCISED_FROM
                lapsed = account.lapsed.get(contract.con_id, 0)
                exercised = held - min(max(held, 0), lapsed) if in_money else 0
                self.settle(account, contract, held, exercised)
            if expiring:
                self.push(account)

    def settle(self, account: Account, contract: Contract, closed: int, exercised: int) -> None:
        """Close a signed quantity of an option at 0 and deliver the exercised part's stock."""
        nothing = Decimal(0)
        account.move(contract, -closed, nothing, nothing)
        if exercised:
            shares = exercised * contract.multiplier * (1 if contract.right == "C" else -1)
            account.move(self.market.contracts.underlying, shares, contract.strike, nothing)

    def has_live_orders(self, at: datetime) -> bool:
        """Tell whether an order may trade at this instant."""
        return bool(self.book.live) and self.market.session.is_trading("OPT", at)
