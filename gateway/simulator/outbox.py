"""What is sent on one connection, after the faults that spoil messages have had their way.

Between what the simulator wants to send and the socket lies only this. With no fault armed every
message goes straight through.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from gateway.simulator import quote_faults
from gateway.simulator.fault_board import FaultBoard
from gateway.simulator.fault_messages import ACKNOWLEDGEMENTS, TICKS, kind_of, order_id_of
from gateway.simulator.faults import ArmedFault, Scene
from gateway.simulator.frames import Field, encode

Row = list[Field]

CUT_OFF_FAULTS = ("1100-connectivity-lost", "2110-server-connection-broken")
# Answered by the Gateway itself, also while it has lost IBKR: the time and the log-in.
LOCAL_REQUESTS = frozenset({49, 71})
_LISTING_REQUESTS = frozenset({5, 16})
_ORDER_CANCELLED = 202


@dataclass(slots=True)
class _Waiting:
    """Acknowledgements of an order that wait for its first execution."""

    rows: list[Row] = field(default_factory=list)
    is_executed: bool = False


class Outbox:
    """Sends the messages of one connection.

    ``answering`` is the id of the request at work, 0 without one; ``hidden`` names messages that
    are left out of its answer; ``is_mute``: nothing is sent, it is held.
    """

    def __init__(self, board: FaultBoard, login_id: str, write: Callable[[bytes], None]) -> None:
        self.client_id: int | None = None
        self.answering = 0
        self.hidden: frozenset[str] = frozenset()
        self.is_mute = False
        self.quoted: dict[int, str] = {}
        self.muted_orders: set[int] = set()
        self._board = board
        self._login_id = login_id
        self._write = write
        self._held: list[Row] = []
        self._overtaken: list[tuple[int, Row]] = []
        self._early: dict[int, _Waiting] = {}

    @property
    def scene(self) -> Scene:
        """Return whose connection this is."""
        return Scene(login_id=self._login_id, client_id=self.client_id)

    @property
    def is_cut_off(self) -> bool:
        """Tell whether the Gateway has lost IBKR for this client."""
        return any(self._active(name) for name in CUT_OFF_FAULTS)

    def send(self, rows: list[Row]) -> None:
        """Send messages, as far as the faults let them through."""
        if not self._board.is_quiet or self._has_debts():
            rows = [kept for row in rows for kept in self._kept(row)]
        self._leave(rows)

    def send_past(self, rows: list[Row]) -> None:
        """Send messages past everything: notices about the faults themselves."""
        self._put(rows)

    def wait_for_execution(self, order_id: int) -> None:
        """Hold the acknowledgements of an order until its first execution was sent."""
        self._early[order_id] = _Waiting()

    def stop_waiting(self, order_id: int) -> None:
        """Send the acknowledgements that waited for an execution."""
        waiting = self._early.pop(order_id, None)
        if waiting is not None:
            self._leave(waiting.rows)

    def resume(self) -> None:
        """Send what was held, now that nothing holds it any more."""
        if self.is_mute or self.is_cut_off:
            return
        held, self._held = self._held, []
        self._put(held)

    def _has_debts(self) -> bool:
        return bool(self._held or self._overtaken or self._early or self.muted_orders)

    def _kept(self, row: Row) -> list[Row]:
        """Return what is sent of a message now: nothing, itself, or more than once."""
        kind, order_id = kind_of(row), order_id_of(row)
        if kind in self.hidden or self._is_muted(kind, order_id, row):
            return []
        if kind in TICKS or kind == "marketDataType":
            shown = quote_faults.spoil(row, self.quoted, self._active)
            if shown is None:
                return []
            row = shown
        if order_id in self._early:
            return self._after_execution(kind, order_id, row)
        if self._take("lose-messages", kind) or self._is_missing(kind):
            return []
        return self._in_time(kind, row)

    def _in_time(self, kind: str, row: Row) -> list[Row]:
        late = self._take("delay-messages", kind)
        if late is None and kind in ACKNOWLEDGEMENTS and self.answering not in _LISTING_REQUESTS:
            late = self._board.take("slow-acks", self.scene)
        if late is not None:
            self._board.later(late.delay(), lambda: self._leave([row]))
            return []
        behind = self._take("reorder-messages", kind)
        if behind is not None:
            entry = (behind.whole("behind"), row)
            self._overtaken.append(entry)
            self._board.later(behind.delay(), lambda: self._let_pass(row))
            return []
        twice = self._take("duplicate-messages", kind)
        return [row] * (1 + twice.whole("copies") if twice else 1)

    def _is_missing(self, kind: str) -> bool:
        taken = self._board.take(
            "missing-terminator", self.scene, lambda fault: fault.text("kind") == kind
        )
        return taken is not None

    def _is_muted(self, kind: str, order_id: int | None, row: Row) -> bool:
        if order_id not in self.muted_orders or self.answering in _LISTING_REQUESTS:
            return False
        return kind in ACKNOWLEDGEMENTS or (kind == "error" and row[3] == _ORDER_CANCELLED)

    def _after_execution(self, kind: str, order_id: int | None, row: Row) -> list[Row]:
        """Hold acknowledgements; those that follow an execution bring the held ones along."""
        if order_id is None or kind == "error" or self.answering in _LISTING_REQUESTS:
            return [row]
        waiting = self._early[order_id]
        if kind == "execDetails":
            waiting.is_executed = True
            return [row]
        if not waiting.is_executed:
            waiting.rows.append(row)
            return []
        del self._early[order_id]
        return [*waiting.rows, row]

    def _leave(self, rows: list[Row]) -> None:
        """Put messages on the wire, or hold them while nothing leaves."""
        if self.is_mute:
            self._held += rows
        elif self.answering not in LOCAL_REQUESTS and self.is_cut_off:
            rows = [row for row in rows if kind_of(row) not in TICKS]
            told = rows if self._tells_orders() else []
            self._held += rows if not told else []
            self._put(told)
        else:
            self._put(rows)

    def _tells_orders(self) -> bool:
        """Tell whether news of orders comes through although IBKR is said to be lost."""
        outages = [self._active(name) for name in CUT_OFF_FAULTS]
        return all(outage is None or outage.flag("tells_orders") for outage in outages)

    def _put(self, rows: list[Row]) -> None:
        if not rows:
            return
        if self._overtaken:
            rows = [sent for row in rows for sent in self._with_overtaken(row)]
        self._write(b"".join([encode(row) for row in rows]))
        if self._board.hears_sent:
            for row in rows:
                self._board.fire(f"sent:{kind_of(row)}", self.scene)

    def _with_overtaken(self, row: Row) -> list[Row]:
        """Return a message and those that it was the last to overtake."""
        counted = [(behind - 1, held) for behind, held in self._overtaken]
        self._overtaken = [entry for entry in counted if entry[0] > 0]
        return [row, *(held for behind, held in counted if behind <= 0)]

    def _let_pass(self, row: Row) -> None:
        """Send a message that nothing has overtaken in time."""
        waiting = [entry for entry in self._overtaken if entry[1] is not row]
        if len(waiting) < len(self._overtaken):
            self._overtaken = waiting
            self._leave([row])

    def _take(self, name: str, kind: str) -> ArmedFault | None:
        return self._board.take(name, self.scene, lambda fault: kind in fault.words("kinds"))

    def _active(self, name: str) -> ArmedFault | None:
        return self._board.active(name, self._login_id, self.client_id)
