"""The catalog's faults of connections, of the login behind them, and of connectivity notices."""

from gateway.simulator.faults import FaultKind, Occasion, Parameter, ValueKind

_API_DOCS = "IBKR: TWS API, message codes"


def _lasting(default: int, does: str) -> Parameter:
    return Parameter(name="seconds", kind=ValueKind.SECONDS, default=default, does=does)


def _moment(
    name: str, does: str, source: str, *parameters: Parameter, lasts: bool = False
) -> FaultKind:
    return FaultKind(
        name=name,
        occasion=Occasion.MOMENT,
        does=does,
        source=source,
        parameters=parameters,
        lasts=lasts,
    )


def _notice(code: int, name: str, does: str) -> FaultKind:
    return _moment(f"{code}-{name}", does, _API_DOCS)


def _cut_off(code: int, name: str, does: str) -> FaultKind:
    restored = Parameter(
        name="restored",
        kind=ValueKind.TEXT,
        default="1102",
        does="the code that ends it: 1101 with market data lost, 1102 with all kept",
        choices=("1101", "1102"),
    )
    seconds = _lasting(60, "how long; 0: until 1101 or 1102 is armed, or this is removed")
    tells = Parameter(
        name="tells_orders",
        kind=ValueKind.FLAG,
        default=False,
        does="true: what happens to orders is told meanwhile; false: it is held until the end",
    )
    source = (
        f"{_API_DOCS}; executions told meanwhile: QuantConnect Lean.Brokerages."
        "InteractiveBrokers 249; that requests wait is unverified"
    )
    return _moment(f"{code}-{name}", does, source, seconds, restored, tells, lasts=True)


_SILENT = (
    _moment(
        "silent-socket",
        "Connections made while it lasts are accepted and never answered.",
        "reports: hung Gateways keep their port open (gnzsnz/ib-gateway-docker)",
        _lasting(60, "how long new connections meet silence; 0: until removed"),
        lasts=True,
    ),
    _moment(
        "silent-connection",
        "Connections that are up fall silent; what was asked and held is worked off at the end.",
        "TCP: a hung peer or a dropped route shows nothing to the other side",
        _lasting(0, "how long; 0: until removed, or until the client hangs up"),
        Parameter(
            name="processes",
            kind=ValueKind.FLAG,
            default=False,
            does="true: requests are still carried out, only the answers are held",
        ),
        lasts=True,
    ),
)

_LOGIN = (
    _moment("drop-connection", "Cuts the connections.", "TCP"),
    _moment(
        "login-throttled",
        "New connections are accepted, but nobody is let in while it lasts.",
        "reports: repeated log-ins are held back; unverified",
        _lasting(60, "how long; 0: until removed"),
        Parameter(
            name="mode",
            kind=ValueKind.TEXT,
            default="delay",
            does="delay: answered at its end; refuse: closed before the log-in",
            choices=("delay", "refuse"),
        ),
        lasts=True,
    ),
    _moment(
        "326-on-connect",
        "Cuts the connections; their client ids stay in use while it lasts (code 326).",
        f"{_API_DOCS}; how long an abrupt drop holds the id is unverified",
        _lasting(60, "how long the ids are held; 0: until removed"),
        lasts=True,
    ),
    _moment(
        "daily-restart",
        "All connections of the login are cut and its port is closed; orders stay as they are.",
        "IBKR: the Gateway restarts once a day; autorestart guide",
        _lasting(60, "how long the port is closed; 0: until removed"),
        lasts=True,
    ),
    _moment(
        "id-rollback",
        "The login restarts with next valid order ids below ids already used.",
        "reports: QuantConnect Lean.Brokerages.InteractiveBrokers 242",
        Parameter(
            name="by",
            kind=ValueKind.WHOLE,
            default=1_000_000_000,
            does="how many ids back, never below 1",
        ),
    ),
)

_CONNECTIVITY = (
    _cut_off(
        1100,
        "connectivity-lost",
        "1100: nothing reaches IBKR; acknowledgements and quotes stop, the socket stays up.",
    ),
    _notice(
        1101,
        "restored-data-lost",
        "1101: connected again, market data subscriptions are gone.",
    ),
    _notice(1102, "restored-data-kept", "1102: connected again, nothing was lost."),
    _notice(1300, "port-reset", "1300, then the connections are cut; the port stays the same."),
    _cut_off(
        2110, "server-connection-broken", "2110: the Gateway lost its server; as 1100 until 1102."
    ),
)

_FARMS = (
    _moment(
        "2103-data-farm-broken",
        "2103: ticks stop until 2104, which ends it.",
        _API_DOCS,
        _lasting(60, "how long; 0: until 2104 is armed, or this is removed"),
        lasts=True,
    ),
    _notice(2104, "data-farm-ok", "2104: the data farm is back; ticks flow again."),
    _notice(2105, "history-farm-broken", "2105: the notice alone."),
    _notice(2106, "history-farm-ok", "2106: the notice alone."),
    _notice(2107, "history-farm-inactive", "2107: the notice alone; it means nothing is wrong."),
    _notice(2108, "data-farm-inactive", "2108: the notice alone; it means nothing is wrong."),
    _notice(2157, "sec-def-farm-broken", "2157: the notice alone."),
    _notice(2158, "sec-def-farm-ok", "2158: the notice alone."),
)

CONNECTION_FAULTS = (*_LOGIN, *_SILENT, *_CONNECTIVITY, *_FARMS)
