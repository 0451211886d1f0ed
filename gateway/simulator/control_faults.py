"""Control requests about faults.

``GET /faults`` lists the catalog, and what was armed so far with what it did. ``POST /faults`` arms
one (layout in ``faults``) and answers with its id. ``DELETE /faults/{id}`` disarms it; one at work
ends.
"""

from collections.abc import Callable
from http import HTTPStatus

from gateway.simulator.config import Json
from gateway.simulator.control_bodies import Refusal, json_object
from gateway.simulator.fault_board import FaultBoard
from gateway.simulator.faults import FaultError

PATH = "/faults"
_ONE = f"{PATH}/"


class FaultControl:
    """Arms and ends faults between two steps of the simulator.

    ``catch_up`` brings it to the present instant; ``settled`` hears of what was done.
    """

    def __init__(
        self, board: FaultBoard, *, catch_up: Callable[[], None], settled: Callable[[], None]
    ) -> None:
        self._board = board
        self._catch_up = catch_up
        self._settled = settled

    def arm(self, document: Json) -> Json:
        """Arm a fault and return it with its id; FaultError names what is wrong with it."""
        self._catch_up()
        armed = self._board.arm(document)
        self._settled()
        return armed.document()

    def remove(self, fault_id: int) -> Json:
        """Disarm a fault, or end it, and return it; KeyError if there is none of this id."""
        self._catch_up()
        removed = self._board.remove(fault_id)
        self._settled()
        return removed.document()

    def listing(self) -> Json:
        """Return the catalog of faults, and those armed so far with what they did."""
        self._catch_up()
        return self._board.document()


def answer(control: FaultControl, method: str, path: str, body: bytes) -> Json:
    """Answer a request about faults; Refusal if it cannot be."""
    if (method, path) == ("GET", PATH):
        return control.listing()
    if (method, path) == ("POST", PATH):
        return _armed(control, body)
    if method == "DELETE" and path.startswith(_ONE):
        return _removed(control, path.removeprefix(_ONE))
    raise Refusal(HTTPStatus.METHOD_NOT_ALLOWED, f"not with {method}")


def _armed(control: FaultControl, body: bytes) -> Json:
    try:
        return control.arm(json_object(body))
    except FaultError as error:
        raise Refusal(HTTPStatus.BAD_REQUEST, str(error)) from error


def _removed(control: FaultControl, name: str) -> Json:
    try:
        return control.remove(int(name))
    except (KeyError, ValueError) as error:
        raise Refusal(HTTPStatus.NOT_FOUND, f"no such fault: {name}") from error
