"""The catalog's faults of orders, fills, what-ifs, positions, and of single requests."""

from decimal import Decimal

from gateway.simulator.faults import FaultKind, Occasion, Parameter, ValueKind

_API_DOCS = "IBKR: TWS API, message codes"
REQUESTS = (
    "any",
    "open-orders",
    "completed-orders",
    "executions",
    "positions",
    "contract-details",
    "market-data",
    "order",
    "cancel",
)


def _on(occasion: Occasion, name: str, does: str, source: str, *parameters: Parameter) -> FaultKind:
    return FaultKind(name=name, occasion=occasion, does=does, source=source, parameters=parameters)


def _seconds(default: int, does: str) -> Parameter:
    return Parameter(name="seconds", kind=ValueKind.SECONDS, default=default, does=does)


def _whole(name: str, default: int, does: str) -> Parameter:
    return Parameter(name=name, kind=ValueKind.WHOLE, default=default, does=does)


def _text(name: str, default: str, does: str, *choices: str) -> Parameter:
    return Parameter(name=name, kind=ValueKind.TEXT, default=default, does=does, choices=choices)


_SENDING = (
    _on(
        Occasion.ORDER,
        "order-lost",
        "A new order never reaches the broker.",
        "TCP: the last bytes before a drop",
    ),
    _on(
        Occasion.ORDER,
        "order-late",
        "A new order reaches the broker late, even after its client has hung up.",
        "TCP: a route that hangs",
        _seconds(15, "how late"),
    ),
    _on(
        Occasion.ORDER,
        "ack-lost",
        "A new order lives, but neither openOrder nor orderStatus is sent for it by itself.",
        "reports: acknowledgements that never came",
    ),
    _on(
        Occasion.ORDER,
        "execution-before-open-order",
        "The first openOrder and orderStatus of a new order follow its first execution.",
        "reports: nautilus_trader 3949",
        _seconds(5, "without an execution they are sent then"),
    ),
    _on(
        Occasion.ORDER,
        "two-broker-orders",
        "The broker holds a new order twice: a second permId with the same reference.",
        "reports: nautilus_trader 4564",
        _text(
            "order_id",
            "other",
            "the second one's order id: another one, far above those in use, or the same",
            "other",
            "same",
        ),
    ),
)

_CHANGING = (
    _on(
        Occasion.MODIFY,
        "modify-doubles",
        "A change becomes a second live order of the same order id; the first stays as it was.",
        "reports: nautilus_trader 4564, a change while the connection to IBKR was failing",
    ),
    _on(Occasion.MODIFY, "modify-lost", "A change never reaches the broker.", "TCP"),
    _on(
        Occasion.MODIFY,
        "modify-late",
        "A change reaches the broker late, perhaps after the next one.",
        "TCP: a route that hangs",
        _seconds(7, "how late"),
    ),
    _on(
        Occasion.MODIFY,
        "modify-ack-lost",
        "A change is made, but nothing is sent about it by itself.",
        "reports: acknowledgements that never came",
    ),
)

_ENDING = (
    FaultKind(
        name="unsolicited-cancel",
        occasion=Occasion.MOMENT,
        does="The broker cancels live orders that nobody asked it to cancel: status and 202.",
        source="IBKR: TWS API, message codes",
    ),
    _on(Occasion.CANCEL, "cancel-lost", "A cancel never reaches the broker.", "TCP"),
    _on(
        Occasion.CANCEL,
        "cancel-late",
        "A cancel reaches the broker late; the order may fill meanwhile.",
        "TCP: a route that hangs",
        _seconds(7, "how late"),
    ),
    _on(
        Occasion.CANCEL,
        "cancel-ack-lost",
        "A cancel ends the order, but nothing is sent about it by itself.",
        "reports: acknowledgements that never came",
    ),
    _on(
        Occasion.CANCEL,
        "fill-after-cancel",
        "Cancelled is reported, then a fill that was on the wire.",
        "IBKR: TWS API, order submission: an order may fill while its cancel is under way",
        _whole("quantity", 0, "units; 0 is all that is left"),
        _seconds(0, "how long after the cancel"),
    ),
    _on(Occasion.REQUEST, "exercise-lost", "An exercise never reaches the broker.", "TCP"),
)

_FILLS = (
    _on(
        Occasion.FILL,
        "partial-fill",
        "A fill is cut to a size.",
        "IBKR: TWS API, executions",
        _whole("quantity", 1, "units at most"),
    ),
    FaultKind(
        name="no-fills",
        occasion=Occasion.MOMENT,
        lasts=True,
        does="Nothing fills.",
        source="a market without the other side",
        parameters=(_seconds(60, "how long; 0: until removed"),),
    ),
    _on(
        Occasion.FILL,
        "correction",
        "An execution is corrected: its id ends in .02, with another price or quantity.",
        "IBKR: TWS API, executions; that both rows stay listed is unverified",
        Parameter(
            name="price",
            kind=ValueKind.DECIMAL,
            default=Decimal("0.01"),
            does="added to the net price, USD per share",
        ),
        _whole("fewer", 0, "units taken back"),
        _seconds(2, "how long after the fill"),
    ),
    _on(
        Occasion.FILL,
        "busted-fill",
        "An execution is taken back: the same id ending in .02, with quantity 0.",
        "exchanges bust clearly erroneous trades; how the API tells it is unverified",
        _seconds(2, "how long after the fill"),
    ),
)


def _whatif(name: str, does: str, source: str, *parameters: Parameter) -> FaultKind:
    return _on(Occasion.WHAT_IF, name, does, source, *parameters)


_WHAT_IFS = (
    _whatif(
        "what-if-twice",
        "A preliminary answer with unset margins and a warning comes first.",
        "reports: ib_insync 380",
    ),
    _whatif(
        "what-if-refused",
        "The what-if is refused by a code.",
        _API_DOCS,
        _whole("code", 201, "the code"),
        _text("reason", "Order rejected - reason:The account may not trade this", "its text"),
    ),
    _whatif(
        "what-if-values",
        "Every margin of the answer is this value.",
        "clients: UNSET_DOUBLE; the others unverified",
        _text("value", "1.7976931348623157E308", "what is sent"),
    ),
    _whatif("what-if-silent", "The what-if is never answered.", "reports: pysystemtrade 1659"),
)

_POSITIONS = (
    FaultKind(
        name="assignment",
        occasion=Occasion.MOMENT,
        does="Short options are assigned: they vanish and stock appears, without an execution.",
        source="reports: ib_async 93",
        parameters=(
            _text("account", "", "which account; empty: the first that is short options"),
            _text("local_symbol", "", "which option; empty: the first that is short"),
            _whole("quantity", 0, "contracts; 0 is all"),
        ),
    ),
)


def _code(occasion: Occasion, code: int, does: str, *parameters: Parameter) -> FaultKind:
    return _on(occasion, f"{code}-on-{occasion}", f"{code}: {does}", _API_DOCS, *parameters)


_ORDER_CODES = (
    _code(Occasion.ORDER, 103, "a new order is refused as a duplicate id."),
    _code(Occasion.ORDER, 110, "a new order is refused for a price off the tick."),
    _code(
        Occasion.ORDER,
        201,
        "a new order is rejected.",
        _text("reason", "The exchange is closed.", "the reason in its text"),
    ),
    _code(Occasion.ORDER, 202, "a new order is acknowledged, then cancelled by the broker."),
    _code(Occasion.ORDER, 321, "a new order fails validation."),
    _code(Occasion.ORDER, 399, "a warning about a new order, which stays live."),
    _code(
        Occasion.ORDER,
        10349,
        "a notice that the time in force was set to DAY; the order stays live.",
    ),
    _code(Occasion.MODIFY, 103, "a change is refused as a duplicate id; the order stays."),
    _code(
        Occasion.MODIFY,
        104,
        "a change comes too late: the order has just filled at its limit.",
    ),
    _code(Occasion.MODIFY, 105, "a change is refused; the order stays as it was."),
    _code(Occasion.MODIFY, 110, "a change is refused for its price; the order stays as it was."),
    _code(Occasion.CANCEL, 161, "a cancel is refused; the order stays live."),
    _code(Occasion.CANCEL, 10147, "a cancel is refused as of an unknown id; the order lives."),
    _code(
        Occasion.CANCEL,
        10148,
        "a cancel comes too late: the order has just filled at its limit.",
    ),
)

_OF = _text("of", "any", "which requests", *REQUESTS)
_REQUEST_CODES = (
    _code(
        Occasion.REQUEST,
        100,
        "too many messages: a request is refused and not carried out.",
        Parameter(
            name="drops",
            kind=ValueKind.FLAG,
            default=False,
            does="whether the connection is cut as well",
        ),
        _OF,
    ),
    _code(
        Occasion.REQUEST,
        200,
        "a contract is not found.",
        _text("of", "contract-details", "which requests", *REQUESTS),
    ),
    _code(
        Occasion.REQUEST,
        321,
        "a request fails validation.",
        _OF,
        _text("cause", "The API interface is currently in Read-Only mode.", "the cause"),
    ),
)

ORDER_FAULTS = (
    *_SENDING,
    *_CHANGING,
    *_ENDING,
    *_FILLS,
    *_WHAT_IFS,
    *_POSITIONS,
    *_ORDER_CODES,
    *_REQUEST_CODES,
)
