"""Commands: what operators ask, worked off by the leader, each finished once.

Doing a thing twice must do nothing: a leader may die between the act and its record.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Protocol, assert_never

from gateway.closings.closing_work import LAST_SEND
from gateway.desk import happened_before
from gateway.floor import TradingFloor
from shared.adapters.json_log import log_event
from shared.domain.close_causes import CloseCause
from shared.domain.commands import (
    Command,
    CommandEnd,
    CommandState,
    CommandVerb,
    MalformedCommand,
    done,
    expired,
    refused,
)
from shared.domain.errors import AdapterError
from shared.domain.followers import LoginId
from shared.domain.orders import Order, OrderId, OrderState, Purpose
from shared.domain.positions import Position, PositionId, position_id_of
from shared.domain.reasons import Reason
from shared.ports.commands import Commands

_SWEEP = timedelta(seconds=30)
_LOOK_AGAIN = timedelta(seconds=1)


class LoginSwitches(Protocol):
    """What an operator may do to a login's connection."""

    def knows(self, login_id: LoginId) -> bool:
        """Tell whether this shard carries the login."""

    async def hold(self, login_id: LoginId, reason: str) -> None:
        """Disconnect it and keep it so."""

    async def release(self, login_id: LoginId) -> None:
        """Let a held login connect again."""

    async def reconnect(self, login_id: LoginId) -> None:
        """Cut the connection and connect anew."""


class CommandDesk:
    """Works off the commands of one shard.

    Args:
        floor: What the leader works with.
        commands: Commands in the database.
        switches: The shard's logins.
        cancel: Cancels a working order, for a reason.
        restart: Ends this process in good order.
        bell: Set whenever something may have been asked.
    """

    def __init__(
        self,
        floor: TradingFloor,
        commands: Commands,
        *,
        switches: LoginSwitches,
        cancel: Callable[[OrderId, Reason], None],
        restart: Callable[[], None],
        bell: asyncio.Event,
    ) -> None:
        self._floor = floor
        self._commands = commands
        self._switches = switches
        self._cancel = cancel
        self._restart = restart
        self._bell = bell

    async def hold_again(self) -> None:
        """Hold what was held when an earlier leader worked, before any login is connected.

        Raises:
            AdapterError: If the database failed: who may connect is not known then.
        """
        for command in await self._commands.standing_holds(self._floor.shard):
            if self._switches.knows(LoginId(command.subject)):
                await self._switches.hold(LoginId(command.subject), f"held by {command.actor}")

    async def watch(self) -> None:
        """Look at the bell's ring and every 30 s, every second while something is under way."""
        while True:
            self._bell.clear()
            try:
                is_under_way = await self._look()
            except AdapterError as error:
                is_under_way = False
                log_event("commands_put_off", severity="WARNING", why=str(error))
            wait = _LOOK_AGAIN if is_under_way else _SWEEP
            clock = self._floor.clock
            await happened_before(self._bell, clock.now() + wait, clock)

    async def _look(self) -> bool:
        """Work off what is asked; True where something is under way."""
        waiting = False
        for command in await self._commands.asked(self._floor.shard):
            end = await self._work_off(command)
            if end is None:
                waiting = True
            elif isinstance(command, Command):
                await self._finish(command, end)
            else:
                await self._end(command, end)
        return waiting

    async def _work_off(self, command: Command | MalformedCommand) -> CommandEnd | None:
        if isinstance(command, MalformedCommand):
            return refused(command.fault)
        if self._floor.clock.now() >= command.expires_at:
            self._take_back(command)
            return expired("it could not be finished in time")
        return await self._act(command)

    async def _finish(self, command: Command, end: CommandEnd) -> None:
        """Record the end; a restart only follows its own record, or it would never end."""
        is_ours = await self._end(command, end)
        if is_ours and command.verb is CommandVerb.RESTART and end.state is CommandState.DONE:
            self._restart()

    async def _end(self, command: Command | MalformedCommand, end: CommandEnd) -> bool:
        log_event(
            "command_finished", command=command.command_id, state=end.state, reason=end.reason
        )
        floor = self._floor
        return await self._commands.finish(
            command.command_id,
            end,
            at=floor.clock.now(),
            shard=floor.shard,
            token=floor.lease.token,
        )

    async def _act(self, command: Command) -> CommandEnd | None:
        """Do what is asked; None while it is under way."""
        match command.verb:
            case CommandVerb.CANCEL_ORDER:
                return self._cancel_order(OrderId(command.subject))
            case CommandVerb.CLOSE_POSITION:
                return self._close_position(PositionId(command.subject))
            case CommandVerb.CLOSE_FOLLOWER:
                return self._close_follower(command.subject)
            case CommandVerb.RECONNECT | CommandVerb.HOLD | CommandVerb.RELEASE:
                return await self._switch(command)
            case CommandVerb.RESTART:
                mine = f"gateway-{self._floor.shard}"
                return done() if command.subject == mine else refused(f"subject: this is {mine}")
            case _:
                assert_never(command.verb)

    def _cancel_order(self, order_id: OrderId) -> CommandEnd | None:
        """Cancel at the broker; what was not sent yet is waited for."""
        desk = self._floor.desk
        if not desk.knows(order_id):
            return refused(f"subject: no order {order_id} in this session")
        order = desk.order(order_id)
        if order.is_terminal:
            return done(f"it is {order.state}")
        if order.purpose is Purpose.CLOSE:
            position_id = position_id_of(order.follower_id, order.spread)
            self._floor.closing_asks.withdraw(position_id)
        if order.state is OrderState.WORKING:
            self._cancel(order_id, Reason.CANCELED_BY_OPERATOR)
        return None

    def _close_position(self, position_id: PositionId) -> CommandEnd | None:
        position = self._floor.desk.position(position_id)
        if position is None:
            return refused(f"subject: no position {position_id} in this session")
        return self._close([position])

    def _close_follower(self, follower_id: str) -> CommandEnd | None:
        """Cancel what a follower opens, and close what he holds."""
        desk = self._floor.desk
        orders = [order for order in desk.orders() if order.follower_id == follower_id]
        if not orders:
            return refused(f"subject: nothing of a follower {follower_id} in this session")
        opening = [order for order in orders if _is_opening(order)]
        for order in opening:
            self._cancel(order.order_id, Reason.CANCELED_BY_OPERATOR)
        end = self._close([one for one in desk.positions() if one.follower_id == follower_id])
        return None if opening and end and end.state is CommandState.DONE else end

    def _close(self, positions: Iterable[Position]) -> CommandEnd | None:
        """Ask for closings; done once each has a closing order, or is closed."""
        floor, now = self._floor, self._floor.clock.now()
        held = [position for position in positions if position.open_quantity > 0]
        if not held:
            return done("nothing is open")
        held = [one for one in held if one.spread.expiry >= floor.session.session_date]
        if not held:
            return refused("the options have expired")
        if not floor.kill_switch.mode().may_close:
            return refused("the kill switch is frozen")
        if now >= floor.session.close_at - LAST_SEND:
            return refused("the session is over: nothing is sent any more")
        for position in held:
            floor.closing_asks.ask(position.position_id, CloseCause.COMMAND, at=now)
        is_begun = all(position.live_closing_order_id is not None for position in held)
        return done() if is_begun else None

    def _take_back(self, command: Command) -> None:
        """Take an expired wish back where nothing was begun: nobody expects it later."""
        if command.verb not in (CommandVerb.CLOSE_POSITION, CommandVerb.CLOSE_FOLLOWER):
            return
        for position in self._floor.desk.positions():
            is_meant = command.subject in (position.position_id, position.follower_id)
            ask = self._floor.closing_asks.of(position.position_id)
            if not is_meant or ask is None or position.live_closing_order_id is not None:
                continue
            if ask.cause is CloseCause.COMMAND:
                self._floor.closing_asks.withdraw(position.position_id)

    async def _switch(self, command: Command) -> CommandEnd:
        login_id = LoginId(command.subject)
        if not self._switches.knows(login_id):
            return refused(f"subject: login {login_id} is not one of this shard")
        match command.verb:
            case CommandVerb.HOLD:
                await self._switches.hold(login_id, f"held by {command.actor}")
            case CommandVerb.RELEASE:
                await self._switches.release(login_id)
            case _:
                await self._switches.reconnect(login_id)
        return done()


def _is_opening(order: Order) -> bool:
    return order.purpose is Purpose.OPEN and order.state is OrderState.WORKING
