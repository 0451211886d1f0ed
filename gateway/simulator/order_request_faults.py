"""Faults of new orders, changes, what-ifs and cancels, before and after they are carried out."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from gateway.simulator import forced_fills, rejections
from gateway.simulator.clients import ApiClient
from gateway.simulator.fault_board import FaultBoard
from gateway.simulator.faults import ArmedFault, Scene
from gateway.simulator.frames import FieldReader
from gateway.simulator.line import Line
from gateway.simulator.login import GatewayLogin
from gateway.simulator.orders import Order
from gateway.simulator.rejections import Rejected
from gateway.simulator.tickets import Ticket, read_place_order

_HELD, _SET_TO_DAY = 399, 10349
_HELD_TEXT = "Order Message:\nWarning: your order is held at the exchange for review."
_SET_TO_DAY_TEXT = "Order TIF was set to DAY based on order preset."


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderRequest:
    """A placeOrder or cancelOrder, and how it would be answered."""

    order_id: int
    fields: list[str]
    answer: Callable[[], None]


class OrderRequestFaults:
    """Spoils what one client asks about its orders."""

    def __init__(self, login: GatewayLogin, client: ApiClient, line: Line) -> None:
        self._login = login
        self._client = client
        self._line = line

    def receive(self, asked: OrderRequest, *, is_cancel: bool) -> None:
        """Have it answered, unless a fault does otherwise."""
        # What is asked anew about an order is acknowledged again.
        self._line.outbox.muted_orders.discard(asked.order_id)
        if is_cancel:
            self._cancel(asked)
            return
        ticket = _ticket(asked.fields, self._client.server_version)
        if ticket is None:
            asked.answer()
        elif ticket.what_if:
            self._what_if(asked, self._scene(ticket.order_ref))
        elif self._order(asked.order_id) is not None:
            self._modify(asked, ticket)
        else:
            self._place(asked, self._scene(ticket.order_ref))

    @property
    def _board(self) -> FaultBoard:
        return self._login.faults.board

    def _what_if(self, asked: OrderRequest, scene: Scene) -> None:
        self._board.fire("what-if", scene)
        if self._board.take("what-if-silent", scene):
            return
        refused = self._board.take("what-if-refused", scene)
        if refused is not None:
            self._client.error(asked.order_id, refused.whole("code"), refused.text("reason"))
            return
        asked.answer()

    def _place(self, asked: OrderRequest, scene: Scene) -> None:
        self._board.fire("order", scene)
        if self._is_new_refused(asked.order_id, scene):
            return
        if self._is_lost_or_late("order", asked, scene):
            return
        outbox, order_id = self._line.outbox, asked.order_id
        if self._board.take("ack-lost", scene):
            outbox.muted_orders.add(order_id)
        early = self._board.take("execution-before-open-order", scene)
        if early is not None:
            outbox.wait_for_execution(order_id)
        asked.answer()
        if early is not None:
            self._board.later(early.delay(), lambda: outbox.stop_waiting(order_id))
        order = self._order(order_id)
        if order is not None:
            self._after_placing(order, scene)

    def _after_placing(self, order: Order, scene: Scene) -> None:
        doubled = self._board.take("two-broker-orders", scene)
        if doubled is not None:
            has_same_id = doubled.text("order_id") == "same"
            forced_fills.place_again(self._login, order, has_same_id=has_same_id)
        if self._board.take("399-on-order", scene):
            self._client.error(order.order_id, _HELD, _HELD_TEXT)
        if self._board.take("10349-on-order", scene):
            self._client.error(order.order_id, _SET_TO_DAY, _SET_TO_DAY_TEXT)
        if order.is_live and self._board.take("202-on-order", scene):
            self._login.book.cancel(order, self._login.clock.now())

    def _is_new_refused(self, order_id: int, scene: Scene) -> bool:
        refused = self._first(("103", "110", "201", "321"), "order", scene)
        if refused is None:
            return False
        code, fault = refused
        reason = fault.text("reason") if "reason" in fault.values else ""
        refusal = _refusal(code, order_id, reason)
        if code == "201":
            refusal = self._used_up(order_id) or refusal
        self._refuse(refusal)
        return True

    def _used_up(self, order_id: int) -> Rejected | None:
        """Use up the id of an order that IBKR itself rejects; 103 if it was used before."""
        try:
            self._login.book.use_id(self._client.client_id, order_id)
        except Rejected as duplicate:
            return duplicate
        return None

    def _modify(self, asked: OrderRequest, ticket: Ticket) -> None:
        scene = self._scene(ticket.order_ref)
        self._board.fire("modify", scene)
        refused = self._first(("103", "105", "110"), "modify", scene)
        if refused is not None:
            self._refuse(_refusal(refused[0], asked.order_id))
            return
        if self._is_lost_or_late("modify", asked, scene):
            return
        order = self._order(asked.order_id)
        if order is not None and order.is_live:
            if self._is_doubled(order, ticket, scene):
                return
            if self._board.take("104-on-modify", scene):
                forced_fills.fill(self._login, order, order.remaining)
        if self._board.take("modify-ack-lost", scene):
            self._line.outbox.muted_orders.add(asked.order_id)
        asked.answer()

    def _is_doubled(self, order: Order, ticket: Ticket, scene: Scene) -> bool:
        """Tell whether a change became a second order, the first staying as it was."""
        if self._board.take("modify-doubles", scene) is None:
            return False
        changed = replace(order.ticket, limit_price=ticket.limit_price, quantity=ticket.quantity)
        forced_fills.place_again(self._login, order, ticket=changed, has_same_id=True)
        return True

    def _cancel(self, asked: OrderRequest) -> None:
        order = self._order(asked.order_id)
        scene = self._scene(order.ticket.order_ref if order else "")
        self._board.fire("cancel", scene)
        if self._is_cancel_refused(asked, scene):
            return
        if self._is_lost_or_late("cancel", asked, scene):
            return
        if order is None or not order.is_live:
            asked.answer()
            return
        if self._board.take("10148-on-cancel", scene):
            forced_fills.fill(self._login, order, order.remaining)
        if self._board.take("cancel-ack-lost", scene):
            self._line.outbox.muted_orders.add(asked.order_id)
        crossing = self._board.take("fill-after-cancel", scene)
        asked.answer()
        if crossing is not None:
            units = crossing.whole("quantity") or order.remaining
            self._board.later(
                crossing.delay(), lambda: forced_fills.fill(self._login, order, units)
            )

    def _is_lost_or_late(self, asks: str, asked: OrderRequest, scene: Scene) -> bool:
        """Tell whether a request is not carried out now: never, or later."""
        if self._board.take(f"{asks}-lost", scene):
            return True
        late = self._board.take(f"{asks}-late", scene)
        if late is not None:
            self._board.later(late.delay(), asked.answer)
        return late is not None

    def _is_cancel_refused(self, asked: OrderRequest, scene: Scene) -> bool:
        if self._board.take("161-on-cancel", scene):
            order = self._order(asked.order_id)
            perm_id = order.perm_id if order else 0
            self._refuse(rejections.not_cancellable(asked.order_id, perm_id))
            return True
        if self._board.take("10147-on-cancel", scene):
            self._refuse(rejections.cancel_of_unknown(asked.order_id))
            return True
        return False

    def _first(
        self, codes: tuple[str, ...], occasion: str, scene: Scene
    ) -> tuple[str, ArmedFault] | None:
        for code in codes:
            fault = self._board.take(f"{code}-on-{occasion}", scene)
            if fault is not None:
                return code, fault
        return None

    def _refuse(self, refusal: Rejected) -> None:
        self._client.error(refusal.request_id, refusal.code, refusal.text)

    def _order(self, order_id: int) -> Order | None:
        return self._login.book.orders.get((self._client.client_id, order_id))

    def _scene(self, order_ref: str) -> Scene:
        return Scene(
            login_id=self._login.login_id,
            client_id=self._client.client_id,
            order_ref=order_ref,
        )


def _ticket(fields: list[str], server_version: int) -> Ticket | None:
    """Return the ticket of a placeOrder, or None if the simulator cannot read it either."""
    try:
        _, _, ticket = read_place_order(FieldReader(fields[1:]), server_version)
    except (ValueError, IndexError):
        return None
    return ticket


def _refusal(code: str, order_id: int, reason: str = "") -> Rejected:
    """Return a refusal of an order or of its change."""
    match code:
        case "103":
            return rejections.duplicate_order_id(order_id)
        case "105":
            return rejections.different_order(order_id)
        case "110":
            return rejections.off_tick(order_id)
        case "201":
            return rejections.order_rejected(order_id, reason)
        case _:
            return rejections.invalid(order_id, "The API interface is currently in Read-Only mode.")
