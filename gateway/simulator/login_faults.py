"""What faults do to one login: its connections, its fills and its what-ifs."""

from gateway.simulator import order_messages
from gateway.simulator.fault_board import FaultBoard
from gateway.simulator.faults import Scene
from gateway.simulator.frames import Field
from gateway.simulator.line import Line
from gateway.simulator.orders import Execution, Order

_MARGINS = 9
_HELD_IDS = "326-on-connect"


class LoginFaults:
    """The faults of one login; ``lines`` are its connections alive, started or not."""

    def __init__(self, board: FaultBoard, login_id: str) -> None:
        self.board = board
        self.login_id = login_id
        self.lines: dict[Line, None] = {}
        self.held_client_ids: set[int] = set()

    def holds(self, client_id: int) -> bool:
        """Tell whether a client id is still in use by a connection that was cut."""
        if self.board.active(_HELD_IDS, self.login_id, client_id) is None:
            return False
        return client_id in self.held_client_ids

    def refuses(self) -> bool:
        """Tell whether new connections are closed before their log-in."""
        throttled = self.board.active("login-throttled", self.login_id, None)
        return throttled is not None and throttled.text("mode") == "refuse"

    def units(self, order: Order, units: int) -> int:
        """Return how many units of an order fill, of those that would."""
        if units <= 0 or self.board.is_quiet:
            return units
        if self.board.active("no-fills", self.login_id, order.client_id):
            return 0
        cut = self.board.take("partial-fill", self._scene(order))
        return units if cut is None else min(units, max(cut.whole("quantity"), 1))

    def on_fill(self, order: Order, rows: list[Execution]) -> None:
        """Take note of a fill that was booked and told; ``rows`` are its executions."""
        if self.board.is_quiet:
            return
        scene = self._scene(order)
        for name in ("correction", "busted-fill"):
            fault = self.board.take(name, scene)
            if fault is not None:
                self.board.spoil_fill(fault, scene, rows)
        self.board.fire("fill", scene)

    def on_what_if(self, order: Order, states: list[list[Field]]) -> list[list[Field]]:
        """Return the order states with which a what-if is answered, one message each."""
        if self.board.is_quiet:
            return states
        scene = self._scene(order)
        values = self.board.take("what-if-values", scene)
        if values is not None:
            states = [[*[values.text("value")] * _MARGINS, *state[_MARGINS:]] for state in states]
        if self.board.take("what-if-twice", scene):
            warning = "Preliminary: margins are being computed."
            states = [order_messages.no_margins(warning), *states]
        return states

    def _scene(self, order: Order) -> Scene:
        return Scene(
            login_id=self.login_id,
            client_id=order.client_id,
            order_ref=order.ticket.order_ref,
            order=order,
        )
