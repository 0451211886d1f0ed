"""The one gate for every broker write: nothing is placed, modified, canceled or exercised past it.

Each login has one. Immediately before each write to the socket it looks at everything that may
forbid it; where a write has to wait for its turn, it looks again when the turn has come.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

from gateway.logins.pacer import Pacer, Urgency
from shared.adapters.json_log import log_event
from shared.domain.controls import TradingMode
from shared.domain.errors import AdapterError
from shared.domain.followers import AccountId, LoginId
from shared.domain.options import ContractKey, OptionContract
from shared.domain.orders import BrokerIds, Margin, Purpose
from shared.domain.quotes import Quote
from shared.ports.broker import (
    Broker,
    BrokerEvent,
    ComboOrder,
    ConnectionLost,
    ExerciseRequest,
    LinkBroken,
    LinkRestored,
    NotSent,
    StockOrder,
    Sweep,
    WhatIf,
    WhatIfRefused,
    Withheld,
)

CANCEL_FIRST = "canceled before its turn to be sent came"


class Kind(Enum):
    """Kinds of writes, by what the kill switch lets through."""

    OPEN = "open"
    CLOSE = "close"
    CANCEL = "cancel"


@dataclass(frozen=True, kw_only=True, slots=True)
class WriteRules:
    """What every gate of a gateway asks before a write.

    Attributes:
        lease_stands: Whether our lease certainly still stands, by its monotonic deadline.
        mode: The kill switch; halted where its last proof of life is too old.
        is_dry_run: True where nothing may be written at all, only told.
    """

    lease_stands: Callable[[], bool]
    mode: Callable[[], TradingMode]
    is_dry_run: bool = False


class WriteGate:
    """Implements `shared.ports.broker.Broker` around another, and guards its writes.

    A connection is closed for placing from its loss, and from the loss of the link behind it,
    until `reconciled` says that the broker's books have been read since. Cancels only need a
    link: taking risk away may not wait for books that cannot be read.

    Args:
        broker: The login's connection; nobody else may hold it.
        rules: What is asked before each write.
        pacer: Gives writes their turn; the connection's requests take turns there too.
    """

    def __init__(self, broker: Broker, rules: WriteRules, pacer: Pacer | None = None) -> None:
        self._broker = broker
        self._rules = rules
        self._pacer = pacer or Pacer()
        self._waiting: dict[int, ComboOrder | StockOrder] = {}
        self._sent: set[int] = set()
        self._is_reconciled = False
        self._broken = ""
        self._held = ""
        self._losses = 0
        self._on_event: Callable[[LoginId, BrokerEvent], None] = lambda *_: None
        self._on_closed: Callable[[], None] = lambda: None
        self.is_watching = False
        """True where quotes were asked for on the present connection."""
        broker.listen(self._heard)

    @property
    def login_id(self) -> LoginId:
        """Which login this is."""
        return self._broker.login_id

    @property
    def is_connected(self) -> bool:
        """True while the connection is up and synchronized."""
        return self._broker.is_connected

    @property
    def is_link_up(self) -> bool:
        """False while the IB Gateway says that it has lost IBKR."""
        return not self._broken

    @property
    def is_open(self) -> bool:
        """True while orders may be placed as far as this login is concerned."""
        return self._is_reconciled and self.is_connected and not self._broken and not self._held

    @property
    def has_live_data(self) -> bool:
        """False where its market data is not live: nothing may be priced by it."""
        return self._broker.has_live_data

    def listen(self, on_event: Callable[[LoginId, BrokerEvent], None]) -> None:
        """Tell every event, once the gate itself has taken it in."""
        self._on_event = on_event

    def on_closed(self, call: Callable[[], None]) -> None:
        """Call this whenever the login must be reconciled before it trades again."""
        self._on_closed = call

    def reconciled(self, since_losses: int) -> None:
        """Open for placing, if nothing was lost since the reconciliation began.

        Args:
            since_losses: `losses` as it was before the books were read.
        """
        self._is_reconciled = since_losses == self._losses

    @property
    def losses(self) -> int:
        """How often connection or link were lost so far."""
        return self._losses

    def hold(self, reason: str) -> None:
        """Withhold every write until released."""
        self._held = reason

    def release(self) -> None:
        """End a hold."""
        self._held = ""

    async def connect(self) -> None:
        """Connect with our fixed client id and synchronize."""
        self.require_reconciling()
        self._broken = ""
        await self._broker.connect()

    async def disconnect(self) -> None:
        """Disconnect; our orders stay where they are."""
        self.require_reconciling()
        await self._broker.disconnect()

    async def heartbeat(self) -> None:
        """Make a real call of the API and wait for its answer."""
        await self._broker.heartbeat()

    def accounts(self) -> tuple[AccountId, ...]:
        """Accounts that the login carries."""
        return self._broker.accounts()

    def next_valid_order_id(self) -> int:
        """Least order id that is surely unused on this connection."""
        return self._broker.next_valid_order_id()

    async def resolve(
        self, symbol: str, contracts: Sequence[OptionContract]
    ) -> tuple[OptionContract, ...]:
        """Look contracts and their underlying up; returns those the broker does not know."""
        return await self._broker.resolve(symbol, contracts)

    def learn_from(self, other: Broker) -> None:
        """Take over contracts that another login has looked up."""
        self._broker.learn_from(other._broker if isinstance(other, WriteGate) else other)

    async def what_if(self, order: WhatIf) -> Margin | WhatIfRefused:
        """Ask what an order would do to the margin; a dry run asks too, nothing is traded."""
        return await self._broker.what_if(order)

    async def sweep(self) -> Sweep:
        """Read the login's books.

        Raises:
            AdapterError: If they could not be read, or the link was lost meanwhile: what an IB
                Gateway without IBKR shows proves nothing.
        """
        losses = self._losses
        if self._broken:
            raise AdapterError("ibkr", self._why_broken(), retryable=True)
        sweep = await self._broker.sweep()
        if losses != self._losses:
            words = f"login {self.login_id} lost its link while its books were read"
            raise AdapterError("ibkr", words, retryable=True)
        return sweep

    async def watch(self, symbol: str, contracts: Sequence[OptionContract]) -> None:
        """Subscribe to the underlying's and these contracts' quotes."""
        await self._broker.watch(symbol, contracts)
        self.is_watching = True

    def quotes(self) -> dict[ContractKey, Quote]:
        """Last quotes of what is watched, the underlying included."""
        return self._broker.quotes()

    def place(self, order: ComboOrder | StockOrder) -> None:
        """Send an order or its change, now or in its turn.

        A change of what still waits for its turn takes its place.

        Raises:
            Withheld: If it may not be sent.
            AdapterError: If there is no connection to send it on.
        """
        number = order.ids.broker_order_id
        self._check(_kind(order), order)
        if number in self._waiting:
            self._waiting[number] = order
        elif self._pacer.take():
            self._send(order)
        else:
            self._waiting[number] = order
            self._pacer.queue(
                self._urgency(order),
                lambda: self._send_in_turn(number),
                lambda: number in self._waiting,
            )

    def cancel(self, ids: BrokerIds) -> None:
        """Ask for a cancel, before everything else; what still waits to be sent never is.

        Raises:
            Withheld: If it may not be sent.
            AdapterError: If there is no connection to ask on.
        """
        self._check(Kind.CANCEL, ids)
        if self._waiting.pop(ids.broker_order_id, None) is not None:
            self._tell(NotSent(broker_order_id=ids.broker_order_id, why=CANCEL_FIRST))
        if self._pacer.take():
            self._broker.cancel(ids)
        else:
            self._pacer.queue(Urgency.CANCEL, lambda: self._cancel_in_turn(ids))

    def exercise(self, request: ExerciseRequest) -> None:
        """Ask to exercise long options, now or not at all.

        Raises:
            Withheld: If it may not be sent, or not at once.
            AdapterError: If there is no connection to ask on.
        """
        self._check(Kind.CLOSE, request)
        if not self._pacer.take():
            raise Withheld(f"login {self.login_id} has no room for a message just now")
        self._broker.exercise(request)

    def _send(self, order: ComboOrder | StockOrder) -> None:
        self._broker.place(order)
        self._sent.add(order.ids.broker_order_id)

    def _send_in_turn(self, number: int) -> None:
        order = self._waiting.pop(number)
        try:
            self._check(_kind(order), order)
            self._send(order)
        except AdapterError as error:
            self._tell(NotSent(broker_order_id=number, why=str(error)))

    def _cancel_in_turn(self, ids: BrokerIds) -> None:
        """Send a cancel; one that may not go any more is asked for again by who wanted it."""
        try:
            self._check(Kind.CANCEL, ids)
            self._broker.cancel(ids)
        except AdapterError as error:
            log_event("cancel_not_sent", severity="WARNING", login=self.login_id, why=str(error))

    def _check(self, kind: Kind, write: object) -> None:
        """Look at everything that may forbid a write now.

        Raises:
            Withheld: If something does.
        """
        why = self._why_not(kind)
        if why:
            raise Withheld(why)
        if self._rules.is_dry_run:
            log_event("would_send", login=self.login_id, kind=kind.value, write=repr(write))
            raise Withheld("a dry run sends nothing")

    def _why_not(self, kind: Kind) -> str:
        mode = self._rules.mode()
        if not self._rules.lease_stands():
            return "our lease does not certainly stand"
        if self._held:
            return f"login {self.login_id} is held: {self._held}"
        if self._broken:
            return self._why_broken()
        if kind is Kind.CANCEL:
            return ""
        if mode is TradingMode.FROZEN or (kind is Kind.OPEN and not mode.may_open):
            return f"the kill switch is {mode}"
        if not self._is_reconciled:
            return f"login {self.login_id} is not reconciled"
        return ""

    def _why_broken(self) -> str:
        return f"the IB Gateway of login {self.login_id} has lost IBKR: {self._broken}"

    def _urgency(self, order: ComboOrder | StockOrder) -> Urgency:
        if _kind(order) is Kind.CLOSE:
            return Urgency.CLOSE
        return Urgency.RUNG if order.ids.broker_order_id in self._sent else Urgency.OPEN

    def _heard(self, login_id: LoginId, event: BrokerEvent) -> None:
        match event:
            case ConnectionLost():
                self._broken = ""
                self.is_watching = False
                self.require_reconciling()
            case LinkBroken():
                self._broken = event.reason
                self.require_reconciling()
            case LinkRestored():
                self._broken = ""
                self.is_watching = self.is_watching and not event.are_subscriptions_lost
                self.require_reconciling()
            case _:
                pass
        self._on_event(login_id, event)

    def require_reconciling(self) -> None:
        """Place nothing before the broker's books have been read anew."""
        self._is_reconciled = False
        self._losses += 1
        self._sent.clear()
        self._on_closed()

    def _tell(self, event: NotSent) -> None:
        """Tell on a later turn of the event loop, as the broker's own events are told."""
        asyncio.get_running_loop().call_soon(lambda: self._on_event(self.login_id, event))


def _kind(order: ComboOrder | StockOrder) -> Kind:
    """Tell openings, rungs of them included, from everything that takes risk away."""
    is_opening = isinstance(order, ComboOrder) and order.purpose is Purpose.OPEN
    return Kind.OPEN if is_opening else Kind.CLOSE
