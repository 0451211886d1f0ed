"""Requests that the Gateway refuses: codes and texts. Source: IBKR's list of message codes."""

from decimal import Decimal

from gateway.simulator.config import MarketDataAccess

_NO_MARKET_DATA = {
    MarketDataAccess.NOT_SUBSCRIBED: (
        354,
        "Requested market data is not subscribed. Displaying delayed market data is available.",
    ),
    MarketDataAccess.NO_API_SUBSCRIPTION: (
        10089,
        "Requested market data requires additional subscription for API. "
        "See link in 'Market Data Connections' dialog for more details.",
    ),
    MarketDataAccess.COMPETING_SESSION: (
        10197,
        "No market data during competing live session",
    ),
}


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


def only_default_client() -> Rejected:
    """Return code 327."""
    return Rejected(-1, 327, "Only the default client (i.e 0) can set the auto bind property.")


def account_missing(order_id: int) -> Rejected:
    """Return code 435: a login of several accounts must be told which one."""
    return Rejected(order_id, 435, "You must specify an account.")


def allocation_missing(order_id: int) -> Rejected:
    """Return code 436: an advisor must name a client's account."""
    text = "You must specify an allocation (either a single account, group, or profile)."
    return Rejected(order_id, 436, text)


def no_position(request_id: int) -> Rejected:
    """Return code 322 for an exercise without enough contracts."""
    text = "Error processing request: no unlapsed position exists in this option"
    return Rejected(request_id, 322, text)


def too_many_summaries(request_id: int) -> Rejected:
    """Return code 322: only two account summaries may be active."""
    text = "Error processing request.-'cl' : cause - Maximum number of account summary requests"
    return Rejected(request_id, 322, f"{text} exceeded; cancel one first")


def duplicate_ticker_id(request_id: int) -> Rejected:
    """Return code 102."""
    return Rejected(request_id, 102, "Duplicate ticker ID.")


def too_many_tickers(request_id: int) -> Rejected:
    """Return code 101."""
    return Rejected(request_id, 101, "Max number of tickers has been reached.")


def no_market_data(request_id: int, access: MarketDataAccess) -> Rejected:
    """Return code 354, 10089 or 10197, by what a login lacks."""
    return Rejected(request_id, *_NO_MARKET_DATA[access])


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
