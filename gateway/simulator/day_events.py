"""What happens on the broker's side by itself: expiry, a new day, account updates, restarts."""

import math
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from gateway.simulator import account_feeds
from gateway.simulator.lifecycle import GatewayLifecycle
from gateway.simulator.login import GatewayLogin
from gateway.simulator.market import Market
from gateway.simulator.model import instant_of

# Account values are refreshed every three minutes. Source: IBKR's page on account updates.
_ACCOUNT_SECONDS = 180
# How long the book shows what is done; clients are only ever told of the day.
_KEPT = timedelta(days=30)


class DayEvents:
    """Carries out what is due; ``cut_all`` cuts every connection."""

    def __init__(
        self,
        *,
        market: Market,
        logins: Mapping[str, GatewayLogin],
        lifecycle: GatewayLifecycle,
        cut_all: Callable[[], None],
    ) -> None:
        self._market = market
        self._logins = logins
        self._lifecycle = lifecycle
        self._cut_all = cut_all

    def next_at(self, after: datetime) -> list[datetime]:
        """Return the next instants of restarts and, while anybody listens, account updates."""
        end = self._lifecycle.next_end(after)
        due = [] if end is None else [end]
        if any(login.feeds_accounts for login in self._logins.values()):
            due.append(instant_of(_account_turn(after) * _ACCOUNT_SECONDS + _ACCOUNT_SECONDS))
        return due

    def step(self, before: datetime, at: datetime) -> None:
        """Do what became due after one instant, up to another."""
        for session in self._market.days.expiring(before, at):
            for login in self._logins.values():
                login.settlements.process(session, at)
        if self._market.days.begun(before, at):
            self._begin_day(at)
        if _account_turn(before) < _account_turn(at):
            self._push_values(at)
        if self._lifecycle.end_sessions(before, at):
            self._cut_all()

    def push_profits(self, at: datetime) -> None:
        """Send profit and loss to those who subscribed."""
        for login in self._logins.values():
            for client in login.clients.values():
                if client.subscribed.profits:
                    for account in login.accounts.values():
                        account_feeds.push_profits(client, account, self._market, at)

    def _begin_day(self, at: datetime) -> None:
        for login in self._logins.values():
            login.book.forget_before(at - _KEPT)
            for account in login.accounts.values():
                account.begin_day(account.values(self._market, at)["NetLiquidation"])

    def _push_values(self, at: datetime) -> None:
        for login in self._logins.values():
            for client in login.clients.values():
                if client.subscribed.has_accounts:
                    for account in login.accounts.values():
                        account_feeds.push_values(client, account, self._market, at)


def _account_turn(at: datetime) -> int:
    return math.floor(at.timestamp()) // _ACCOUNT_SECONDS
