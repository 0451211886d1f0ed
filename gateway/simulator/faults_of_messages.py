"""The catalog's faults of single messages, of snapshots and of quotes."""

from gateway.simulator.fault_messages import MESSAGE_KINDS, TERMINATORS
from gateway.simulator.faults import FaultKind, Occasion, Parameter, ValueKind

_API_DOCS = "IBKR: TWS API, message codes"
_TICK_DOCS = "IBKR: TWS API, tick types"
SNAPSHOTS = ("open-orders", "completed-orders", "executions", "positions")
CONTRACTS = ("any", "combo", "leg", "underlying")

_KINDS = Parameter(
    name="kinds",
    kind=ValueKind.WORDS,
    default=("orderStatus", "openOrder", "execDetails", "commissionReport"),
    does="the messages it spoils",
    choices=MESSAGE_KINDS,
)


def _seconds(default: int, does: str) -> Parameter:
    return Parameter(name="seconds", kind=ValueKind.SECONDS, default=default, does=does)


def _message(name: str, does: str, source: str, *parameters: Parameter) -> FaultKind:
    return FaultKind(
        name=name, occasion=Occasion.MESSAGE, does=does, source=source, parameters=parameters
    )


_MESSAGES = (
    _message(
        "duplicate-messages",
        "Sends a message more than once.",
        "IBKR: orderStatus is often sent twice (TWS API, order submission)",
        _KINDS,
        Parameter(name="copies", kind=ValueKind.WHOLE, default=1, does="how many more"),
    ),
    _message(
        "delay-messages",
        "Sends a message later; those behind it overtake it.",
        "reports: commission reports minutes after their execution",
        _KINDS,
        _seconds(5, "how much later"),
    ),
    _message(
        "reorder-messages",
        "Sends a message only after the next ones of its connection.",
        "reports: nautilus_trader 3949, 3833",
        _KINDS,
        Parameter(name="behind", kind=ValueKind.WHOLE, default=1, does="after how many others"),
        _seconds(1, "sent then at the latest"),
    ),
    _message(
        "lose-messages",
        "Does not send a message.",
        "reports: acknowledgements that never came",
        _KINDS,
    ),
    _message(
        "missing-terminator",
        "Leaves out the message that ends an answer.",
        "reports: start-up requests that time out (ib_insync 403, 502)",
        Parameter(
            name="kind",
            kind=ValueKind.TEXT,
            default="positionEnd",
            does="which one",
            choices=TERMINATORS,
        ),
    ),
    _message(
        "slow-acks",
        "Acknowledges orders late: openOrder and orderStatus, in their order.",
        "reports: seconds at a busy open; unverified",
        _seconds(5, "how late"),
    ),
    FaultKind(
        name="empty-snapshot",
        occasion=Occasion.MOMENT,
        lasts=True,
        does="A degraded session: snapshots come back empty, though there is something to tell.",
        source="reports: empty open orders after the nightly reset (ib_insync 380)",
        parameters=(
            Parameter(
                name="of",
                kind=ValueKind.WORDS,
                default=SNAPSHOTS,
                does="which snapshots",
                choices=SNAPSHOTS,
            ),
            _seconds(60, "how long; 0: until removed"),
        ),
    ),
)


def _quotes(name: str, does: str, source: str, *parameters: Parameter) -> FaultKind:
    of = Parameter(
        name="of",
        kind=ValueKind.TEXT,
        default="any",
        does="the quotes of which contracts",
        choices=CONTRACTS,
    )
    return FaultKind(
        name=name,
        occasion=Occasion.MOMENT,
        lasts=True,
        does=does,
        source=source,
        parameters=(of, *parameters, _seconds(60, "how long; 0: until removed")),
    )


_SIDE = Parameter(
    name="side",
    kind=ValueKind.TEXT,
    default="both",
    does="which side",
    choices=("bid", "ask", "both"),
)

_QUOTES = (
    _quotes(
        "quote-minus-one",
        "Prices are exactly -1.00, with a size: a lawful price of a combo.",
        _TICK_DOCS,
        _SIDE,
    ),
    _quotes("quote-no-data", "Prices are -1 with size 0: no data.", _TICK_DOCS, _SIDE),
    _quotes("quote-nan", "Prices are NaN.", "reports; unverified", _SIDE),
    _quotes(
        "quote-unset",
        "Prices are Java's largest double, which stands for no value.",
        "clients: UNSET_DOUBLE",
        _SIDE,
    ),
    _quotes("quote-crossed", "Bids are 5.00 above themselves: the quote is crossed.", "exchanges"),
    _quotes("quotes-stop", "Ticks stop without a word.", "reports: IBC 143"),
    _quotes(
        "10167-on-quotes",
        "10167: delayed data instead of live; the type of every stream becomes 3.",
        _API_DOCS,
    ),
    _quotes(
        "10197-on-quotes",
        "10197: a competing session took the market data; streams stop, new ones are refused.",
        _API_DOCS,
    ),
    _quotes("354-on-quotes", "354: not subscribed; streams stop, new ones are refused.", _API_DOCS),
)

MESSAGE_FAULTS = (*_MESSAGES, *_QUOTES)
