"""The broker behind the Gateways: the market, the logins, what happens by itself, what is saved."""

import functools
from collections.abc import Callable
from datetime import datetime

from gateway.simulator.broker_actions import BrokerActions
from gateway.simulator.config import Clock, SimulatorConfig
from gateway.simulator.day_events import DayEvents
from gateway.simulator.fault_board import FaultBoard
from gateway.simulator.lifecycle import GatewayLifecycle
from gateway.simulator.login import GatewayLogin
from gateway.simulator.login_faults import LoginFaults
from gateway.simulator.market import Market
from gateway.simulator.pacing import Pacing
from gateway.simulator.saved_state import SavedState
from gateway.simulator.settlements import SettlementRules


class BrokerSide:
    """Everything but the sockets and the flow of time.

    Raises:
        QuotesFileError: The recorded quotes of the configuration cannot be used.
        ConfigError: The state file cannot be restored.
    """

    def __init__(
        self,
        config: SimulatorConfig,
        clock: Clock,
        *,
        monotonic: Callable[[], float],
        faults: FaultBoard,
        wake: Callable[[], None],
        cut_all: Callable[[], None],
    ) -> None:
        self.market = Market(config)
        new_pacing = functools.partial(Pacing, config.messages_per_second, monotonic)
        rules = SettlementRules(
            exercise=config.exercise, tells_executions=config.settlement_executions
        )
        self.logins = {
            login.login_id: GatewayLogin(
                login,
                seed=config.seed,
                market=self.market,
                clock=clock,
                wake=wake,
                rules=rules,
                pacing=new_pacing,
                faults=LoginFaults(faults, login.login_id),
            )
            for login in config.logins
        }
        self._clock = clock
        self._lifecycle = GatewayLifecycle(config.daily_restart, self.logins)
        self._saved = SavedState(
            config, market=self.market, logins=self.logins, lifecycle=self._lifecycle
        )
        self._played_to = self._saved.restore() or clock.now()
        self.events = DayEvents(
            market=self.market, logins=self.logins, lifecycle=self._lifecycle, cut_all=cut_all
        )
        for login_id, login in self.logins.items():
            login.is_up = functools.partial(self._is_up, login_id)
            login.settled = self.save

    @property
    def played_to(self) -> datetime:
        """Return up to when everything due was done; a saved state may be of the past."""
        return self._played_to

    def actions(self, catch_up: Callable[[], None]) -> BrokerActions:
        """Return what can happen at the broker without any API client."""
        return BrokerActions(
            logins=self.logins,
            market=self.market,
            clock=self._clock,
            lifecycle=self._lifecycle,
            catch_up=catch_up,
            settled=self.save,
        )

    def play_to(self, at: datetime) -> datetime:
        """Take note that time has come to an instant; returns the one before."""
        before, self._played_to = self._played_to, at
        return before

    def step(self, before: datetime, at: datetime) -> None:
        """Work the orders and do what became due since another instant."""
        for login in self.logins.values():
            if login.book.live:
                login.book.step(at)
        self.events.step(before, at)

    def save(self) -> None:
        """Save what changed, if there is a state file."""
        self._saved.write(self._played_to)

    def _is_up(self, login_id: str) -> bool:
        return self._lifecycle.is_up(login_id, self._clock.now())
