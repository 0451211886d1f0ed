"""Requests that the Gateway refuses: codes and texts. Source: IBKR's list of message codes."""

from decimal import Decimal


class Rejected(Exception):
    """A request is refused; the client is sent the code and text under its request or order id."""

    def __init__(self, request_id: int, code: int, text: str) -> None:
        super().__init__(text)
        self.request_id = request_id
        self.code = code
        self.text = text


def unknown_contract(request_id: int) -> Rejected:
    """Return code 200."""
    return Rejected(request_id, 200, "No security definition has been found for the request")


def invalid(request_id: int, cause: str) -> Rejected:
    """Return code 321 with its cause."""
    return Rejected(request_id, 321, f"Error validating request.-'bW' : cause - {cause}")


def duplicate_order_id(order_id: int) -> Rejected:
    """Return code 103."""
    return Rejected(order_id, 103, "Duplicate order id")


def filled_order(order_id: int) -> Rejected:
    """Return code 104."""
    return Rejected(order_id, 104, "Cannot modify a filled order.")


def different_order(order_id: int) -> Rejected:
    """Return code 105."""
    return Rejected(order_id, 105, "Order being modified does not match original order")


def off_tick(order_id: int) -> Rejected:
    """Return code 110."""
    text = "The price does not conform to the minimum price variation for this contract."
    return Rejected(order_id, 110, text)


def not_enough_margin(order_id: int, equity: Decimal, margin: Decimal) -> Rejected:
    """Return code 201 in IBKR's wording; amounts in USD."""
    text = (
        "Order rejected - reason:YOUR ORDER IS NOT ACCEPTED. IN ORDER TO OBTAIN THE DESIRED "
        f"POSITION YOUR EQUITY WITH LOAN VALUE [{equity:.2f} USD] MUST EXCEED THE INITIAL "
        f"MARGIN [{margin:.2f} USD]"
    )
    return Rejected(order_id, 201, text)


def order_rejected(order_id: int, reason: str) -> Rejected:
    """Return code 201 with a reason."""
    return Rejected(order_id, 201, f"Order rejected - reason:{reason}")


def unsupported_order_type(order_id: int) -> Rejected:
    """Return code 387."""
    text = "Unsupported order type for this exchange and security type."
    return Rejected(order_id, 387, text)


def cancel_of_unknown(order_id: int) -> Rejected:
    """Return code 10147."""
    text = f"OrderId {order_id} that needs to be cancelled is not found."
    return Rejected(order_id, 10147, text)


def cancel_of_done(order_id: int, state: str) -> Rejected:
    """Return code 10148, for an order that filled."""
    text = f"OrderId {order_id} that needs to be cancelled cannot be cancelled, state: {state}."
    return Rejected(order_id, 10148, text)


def not_cancellable(order_id: int, perm_id: int) -> Rejected:
    """Return code 161, for an order that was cancelled before."""
    text = f"Cancel attempted when order is not in a cancellable state. Order permId ={perm_id}"
    return Rejected(order_id, 161, text)
