"""One IB Gateway login: its accounts, its order book and the API clients connected to it."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from gateway.simulator import account_feeds, rejections
from gateway.simulator.accounts import Account
from gateway.simulator.book import OrderBook
from gateway.simulator.clients import ApiClient
from gateway.simulator.config import Clock, SimulatedLogin
from gateway.simulator.login_faults import LoginFaults
from gateway.simulator.market import Market
from gateway.simulator.order_reports import OrderReports
from gateway.simulator.pacing import Pacing
from gateway.simulator.settlements import SettlementRules, Settlements
from gateway.simulator.tickets import Ticket

# IBKR accepts 32 API clients per Gateway.
MAX_CLIENTS = 32


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
        rules: SettlementRules,
        pacing: Callable[[], Pacing],
        faults: LoginFaults,
    ) -> None:
        self.login_id = settings.login_id
        self.whatif_twice = settings.whatif_twice
        self.market = market
        self.clock = clock
        self.wake = wake
        self.faults = faults
        self.advisor_account = settings.advisor_account
        names = {settings.advisor_account: Decimal(0)} if settings.advisor_account else {}
        names |= {account.account_id: account.cash for account in settings.accounts}
        self.accounts = {name: Account(name, cash) for name, cash in names.items()}
        self.is_up: Callable[[], bool] = lambda: True
        self.settled: Callable[[], None] = lambda: None
        self.new_pacing = pacing
        self.market_data = settings.market_data
        self.market_data_lines = settings.market_data_lines
        self.clients: dict[int, ApiClient] = {}
        self.book = OrderBook(
            seed=seed,
            market=market,
            accounts=self.accounts,
            reports=OrderReports(self.clients, settings.master_client_id),
            faults=faults,
            account_changed=self.push,
        )
        self.settlements = Settlements(
            rules=rules,
            market=market,
            book=self.book,
            accounts=self.accounts,
            clients=self.clients,
            account_changed=self.push,
        )

    def account(self, account_id: str, request_id: int) -> Account:
        """Return an account of this login; no name means its only one; code 321 if unknown."""
        if not account_id and len(self.accounts) == 1:
            return next(iter(self.accounts.values()))
        account = self.accounts.get(account_id)
        if account is None:
            cause = f"The account code '{account_id}' is not valid for this login."
            raise rejections.invalid(request_id, cause)
        return account

    def order_account(self, account_id: str, order_id: int) -> Account:
        """Return the account of an order; codes 435 and 436 if there is more than one to mean."""
        if self.advisor_account and account_id in {"", self.advisor_account}:
            raise rejections.allocation_missing(order_id)
        if not account_id and len(self.accounts) > 1:
            raise rejections.account_missing(order_id)
        return self.account(account_id, order_id)

    def with_account(self, ticket: Ticket, account: Account) -> Ticket:
        """Return a ticket that names its account."""
        return replace(ticket, account=account.account_id)

    @property
    def lines_used(self) -> int:
        """Return the number of streams, which all clients of a login share."""
        return sum(len(client.subscribed.quotes) for client in self.clients.values())

    @property
    def feeds_accounts(self) -> bool:
        """Tell whether a client keeps account values up to date."""
        return any(client.subscribed.has_accounts for client in self.clients.values())

    def has_room_for(self, client_id: int) -> bool:
        """Tell whether a client id is free and the login below its limit of clients."""
        if self.faults.holds(client_id):
            return False
        return client_id not in self.clients and len(self.clients) < MAX_CLIENTS

    def push(self, account: Account) -> None:
        """Tell the subscribers of an account that it changed, then forget empty positions."""
        at = self.clock.now()
        for client in self.clients.values():
            account_feeds.push(client, account, self.market, at)
        account.drop_empty()
