"""Faults of requests: each passes here on its way to the simulator."""

from collections.abc import Callable

from gateway.simulator import quote_faults
from gateway.simulator.clients import ApiClient
from gateway.simulator.fault_board import FaultBoard
from gateway.simulator.faults import ArmedFault, Scene
from gateway.simulator.line import Line
from gateway.simulator.login import GatewayLogin
from gateway.simulator.order_request_faults import OrderRequest, OrderRequestFaults
from gateway.simulator.rejections import invalid

Answer = Callable[[], None]

_MARKET_DATA, _CANCEL_MARKET_DATA, _PLACE, _CANCEL, _EXERCISE = 1, 2, 3, 4, 21
_NAMES = {
    _MARKET_DATA: "market-data",
    _PLACE: "order",
    _CANCEL: "cancel",
    5: "open-orders",
    7: "executions",
    9: "contract-details",
    16: "open-orders",
    61: "positions",
    99: "completed-orders",
}
# Where a request carries its id, and its contract's security type.
_REQUEST_ID_AT = {1: 2, 3: 1, 4: 2, 7: 2, 9: 2, 21: 2, 62: 2, 76: 2, 78: 1, 92: 1, 94: 1}
_SECURITY_TYPE_AT = 5
_SHOWN_IN = {
    "open-orders": frozenset({"openOrder", "orderStatus"}),
    "completed-orders": frozenset({"completedOrder"}),
    "executions": frozenset({"execDetails", "commissionReport"}),
    "positions": frozenset({"position"}),
}
_TOO_MANY = "Max rate of messages per second has been exceeded"
_NOT_FOUND = "No security definition has been found for the request"


class RequestFaults:
    """Stands between one client's requests and their handlers."""

    def __init__(self, login: GatewayLogin, client: ApiClient, line: Line) -> None:
        self._login = login
        self._client = client
        self._line = line
        self._orders = OrderRequestFaults(login, client, line)

    def receive(self, fields: list[str], answer: Answer) -> None:
        """Have a request answered, unless a fault does otherwise."""
        message_id = int(fields[0]) if fields and fields[0].isdigit() else 0
        self._note_quotes(message_id, fields)
        if self._board.is_quiet and not self._line.outbox.muted_orders:
            answer()
            return
        name, request_id = _NAMES.get(message_id, ""), _request_id(message_id, fields)
        if self._is_refused(name, request_id):
            return
        if message_id in {_PLACE, _CANCEL}:
            asked = OrderRequest(order_id=request_id, fields=fields, answer=answer)
            self._orders.receive(asked, is_cancel=message_id == _CANCEL)
        elif message_id == _MARKET_DATA:
            self._quote(request_id, fields, answer)
        elif message_id == _EXERCISE:
            self._exercise(answer)
        else:
            self._snapshot(name, answer)

    @property
    def _board(self) -> FaultBoard:
        return self._login.faults.board

    @property
    def _scene(self) -> Scene:
        return self._line.outbox.scene

    def _is_refused(self, name: str, request_id: int) -> bool:
        """Refuse any request that a code was armed for."""
        paced = self._take("100-on-request", name)
        if paced is not None:
            self._client.error(request_id, 100, _TOO_MANY)
            if paced.flag("drops"):
                self._line.cut()
            return True
        if self._take("200-on-request", name):
            self._client.error(request_id, 200, _NOT_FOUND)
            return True
        refused = self._take("321-on-request", name)
        if refused is not None:
            error = invalid(request_id, refused.text("cause"))
            self._client.error(error.request_id, error.code, error.text)
        return refused is not None

    def _quote(self, request_id: int, fields: list[str], answer: Answer) -> None:
        kind = fields[_SECURITY_TYPE_AT] if len(fields) > _SECURITY_TYPE_AT else ""
        refusal = quote_faults.refusal(kind, self._active)
        if refusal is not None:
            self._client.error(request_id, *refusal)
            return
        answer()
        delayed = self._active(quote_faults.DELAYED_QUOTES)
        if delayed is not None and quote_faults.is_of(delayed, kind):
            self._client.error(request_id, quote_faults.DELAYED_CODE, quote_faults.DELAYED_TEXT)

    def _exercise(self, answer: Answer) -> None:
        self._board.fire("exercise", self._scene)
        if self._board.take("exercise-lost", self._scene) is None:
            answer()

    def _snapshot(self, name: str, answer: Answer) -> None:
        """Answer; from a degraded session without what the snapshot should show."""
        empty = self._active("empty-snapshot")
        outbox = self._line.outbox
        if empty is not None and name in empty.words("of"):
            outbox.hidden = _SHOWN_IN[name]
        try:
            answer()
        finally:
            outbox.hidden = frozenset()

    def _note_quotes(self, message_id: int, fields: list[str]) -> None:
        """Remember of what type of contract each request for quotes is."""
        quoted = self._line.outbox.quoted
        if message_id == _MARKET_DATA and len(fields) > _SECURITY_TYPE_AT:
            quoted[_request_id(message_id, fields)] = fields[_SECURITY_TYPE_AT]
        elif message_id == _CANCEL_MARKET_DATA and len(fields) > 2:
            quoted.pop(int(fields[2]) if fields[2].isdigit() else 0, None)

    def _take(self, name: str, request: str) -> ArmedFault | None:
        return self._board.take(
            name, self._scene, lambda fault: fault.text("of") in {"any", request}
        )

    def _active(self, name: str) -> ArmedFault | None:
        return self._board.active(name, self._login.login_id, self._client.client_id)


def _request_id(message_id: int, fields: list[str]) -> int:
    at = _REQUEST_ID_AT.get(message_id)
    if at is None or len(fields) <= at:
        return -1
    text = fields[at]
    return int(text) if text.lstrip("-").isdigit() else -1
