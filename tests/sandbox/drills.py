"""Fault drills: a day on which something goes wrong at a named market time.

Every fault that the simulator can be told of has one, under the simulator's own name, and what
happens to our own parts (a killed gateway, a stolen lease, a database that cannot be reached) has
one as well. What a fault changes of a day's expectations stands here, in one table: alerts that it
may raise. The invariants are never changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from gateway.simulator.fault_catalog import CATALOG
from gateway.simulator.faults import FaultKind, Occasion
from shared.domain.alerts import AlertType

VICTIM = "login-0001"
"""The login that a fault hits; everybody else must not notice."""
_IN_THE_LADDER = "09:30:08"
_BEFORE_MARGINS = "09:26:00"
_AT_RELEASE = "09:29:30"

Json = bool | int | str | list[str]


class Deed(StrEnum):
    """What is done to our own parts."""

    KILL_GATEWAY = "kill-gateway"
    STEAL_LEASE = "steal-lease"
    FREEZE_DATABASE = "freeze-database"
    DELETE_FOLLOWER = "delete-follower"
    LOSE_MESSAGES = "lose-messages"
    RING_MALFORMED = "ring-malformed"
    HALT = "halt"
    FLATTEN = "flatten"
    SPOIL_CONTROLS = "spoil-controls"


@dataclass(frozen=True, kw_only=True, slots=True)
class Act:
    """Something done to our own parts.

    Attributes:
        at: New York time.
        deed: What.
    """

    at: str
    deed: Deed


@dataclass(frozen=True, kw_only=True, slots=True)
class Arm:
    """A fault that the simulator is told of before the day begins.

    Attributes:
        name: Its name in the simulator's catalog.
        at: New York time before which nothing happens.
        login: Which login it hits; None: all.
        parameters: Its own parameters, those left out by the catalog's defaults.
        times: How many occasions it spoils; 0 is all.
    """

    name: str
    at: str = _AT_RELEASE
    login: str | None = VICTIM
    parameters: Mapping[str, Json] = field(default_factory=dict)
    times: int = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Drill:
    """One day on which something goes wrong.

    Attributes:
        name: Its name on the command line.
        about: What goes wrong, in words.
        arms: What the simulator is told.
        acts: What is done to our own parts.
        alerts: Alerts that may be raised beside those of an ordinary day.
        gateway_environment: Settings of the gateway that differ.
    """

    name: str
    about: str
    arms: tuple[Arm, ...] = ()
    acts: tuple[Act, ...] = ()
    alerts: frozenset[AlertType] = frozenset()
    gateway_environment: Mapping[str, str] = field(default_factory=dict)


_HELD_BACK = Arm(name="no-fills", at="09:30:00", parameters={"seconds": 14})
"""Nobody fills at once: the ladder climbs, and there is something to modify."""
_NEVER_FILLED = replace(_HELD_BACK, parameters={"seconds": 900})
"""Nobody fills at all: the ladder ends, and there is something to cancel."""
_OF_AN_ORDER = frozenset(
    {
        AlertType.ORDER_UNCONFIRMED,
        AlertType.ORDER_REJECTED,
        AlertType.LIMIT_REACHED,
        AlertType.NO_MARGIN,
        AlertType.POSITION_MISMATCH,
        AlertType.CLOSE_FAILED,
    }
)
_OF_A_LOGIN = _OF_AN_ORDER | {
    AlertType.GATEWAY_UNREACHABLE,
    AlertType.MARKET_DATA_STALE,
    AlertType.QUOTE_UNUSABLE,
}
_ALERTS = {
    Occasion.MOMENT: _OF_A_LOGIN,
    Occasion.MESSAGE: _OF_A_LOGIN,
    Occasion.REQUEST: _OF_A_LOGIN | {AlertType.CONTRACT_UNKNOWN},
    Occasion.ORDER: _OF_AN_ORDER,
    Occasion.MODIFY: _OF_AN_ORDER,
    Occasion.CANCEL: _OF_AN_ORDER,
    Occasion.WHAT_IF: _OF_AN_ORDER,
    Occasion.FILL: _OF_AN_ORDER,
}
_OTHERWISE: Mapping[str, tuple[Arm, ...]] = {
    "login-throttled": (
        Arm(name="login-throttled", at=_IN_THE_LADDER),
        Arm(name="drop-connection", at=_IN_THE_LADDER),
    ),
    "silent-socket": (
        Arm(name="silent-socket", at=_IN_THE_LADDER),
        Arm(name="drop-connection", at=_IN_THE_LADDER),
    ),
    "id-rollback": (Arm(name="id-rollback", at="09:31:00"),),
    "1101-restored-data-lost": (
        Arm(
            name="1100-connectivity-lost",
            at=_IN_THE_LADDER,
            parameters={"seconds": 30, "restored": "1101"},
        ),
    ),
    "missing-terminator": (Arm(name="missing-terminator", at="09:30:30", times=2),),
    "duplicate-messages": (Arm(name="duplicate-messages", times=0),),
    "reorder-messages": (Arm(name="reorder-messages", times=0),),
    "lose-messages": (Arm(name="lose-messages", times=4),),
    "empty-snapshot": (
        Arm(name="empty-snapshot", at=_IN_THE_LADDER, parameters={"seconds": 90}),
        Arm(name="drop-connection", at="09:30:12"),
    ),
    "assignment": (Arm(name="assignment", at="11:00:00"),),
    "exercise-lost": (
        Arm(name="exercise-lost", at="10:59:00"),
        Arm(name="assignment", at="11:00:00"),
    ),
    "200-on-request": (Arm(name="200-on-request", at=_BEFORE_MARGINS),),
    "100-on-request": (Arm(name="100-on-request", at="09:30:30"),),
    "321-on-request": (Arm(name="321-on-request", at="09:30:30"),),
}
_OF_THE_DATABASE = frozenset(
    {
        AlertType.DATABASE_UNREACHABLE,
        AlertType.KILL_SWITCH_UNREADABLE,
        AlertType.COMPONENT_DOWN,
    }
)
_ASSIGNED = frozenset({AlertType.ASSIGNMENT_DETECTED, AlertType.ASSIGNMENT_COMPENSATED})
_MORE_ALERTS: Mapping[str, frozenset[AlertType]] = {
    "assignment": _ASSIGNED,
    "exercise-lost": _ASSIGNED,
    # A closing waits until the books can be read in their order; who is left is told of.
    "reorder-messages": frozenset({AlertType.EOD_CLOSE_FAILED}),
}


def _of_the_simulator(kind: FaultKind) -> Drill:
    return Drill(
        name=kind.name,
        about=kind.does,
        arms=_OTHERWISE.get(kind.name) or _arms(kind),
        alerts=_ALERTS[kind.occasion] | _MORE_ALERTS.get(kind.name, frozenset()),
    )


def _arms(kind: FaultKind) -> tuple[Arm, ...]:
    """When a fault strikes best, by what it strikes at."""
    match kind.occasion:
        case Occasion.MOMENT:
            return (_HELD_BACK, Arm(name=kind.name, at=_IN_THE_LADDER))
        case Occasion.MODIFY:
            return (_HELD_BACK, Arm(name=kind.name))
        case Occasion.CANCEL:
            return (_NEVER_FILLED, Arm(name=kind.name))
        case Occasion.WHAT_IF:
            return (Arm(name=kind.name, at=_BEFORE_MARGINS),)
        case Occasion.ORDER | Occasion.REQUEST | Occasion.MESSAGE | Occasion.FILL:
            return (Arm(name=kind.name),)


_OURS = (
    Drill(
        name="gateway-killed",
        about="The gateway is killed (SIGKILL) in the middle of the ladder.",
        arms=(replace(_HELD_BACK, login=None),),
        acts=(Act(at=_IN_THE_LADDER, deed=Deed.KILL_GATEWAY),),
        alerts=_OF_AN_ORDER,
    ),
    Drill(
        name="gateway-restarted-twice",
        about="The gateway is killed in the ladder, and its successor soon after.",
        arms=(replace(_HELD_BACK, login=None),),
        acts=(
            Act(at=_IN_THE_LADDER, deed=Deed.KILL_GATEWAY),
            Act(at="09:30:40", deed=Deed.KILL_GATEWAY),
        ),
        alerts=_OF_AN_ORDER,
    ),
    Drill(
        name="gateway-killed-at-the-close",
        about="The gateway is killed while it closes what is near the money.",
        acts=(Act(at="15:31:00", deed=Deed.KILL_GATEWAY),),
        alerts=_OF_AN_ORDER,
    ),
    Drill(
        name="lease-stolen",
        about="Somebody else takes the lease in the ladder, and then says nothing.",
        arms=(replace(_HELD_BACK, login=None),),
        acts=(Act(at=_IN_THE_LADDER, deed=Deed.STEAL_LEASE),),
        alerts=_OF_AN_ORDER,
    ),
    Drill(
        name="firestore-outage",
        about="The database answers nothing for eight machine seconds in the ladder.",
        arms=(replace(_HELD_BACK, login=None),),
        acts=(Act(at=_IN_THE_LADDER, deed=Deed.FREEZE_DATABASE),),
        alerts=_OF_A_LOGIN | _OF_THE_DATABASE,
    ),
    Drill(
        name="pubsub-lost-message",
        about="The doorbell never rings: the gateway listens where nobody calls.",
        acts=(Act(at="09:26:00", deed=Deed.LOSE_MESSAGES),),
        gateway_environment={"ORDERS_SUBSCRIPTION": "nobody-calls-here"},
    ),
    Drill(
        name="malformed-doorbell",
        about="The doorbell rings with messages that are no JSON, or not for us.",
        acts=(Act(at="09:28:00", deed=Deed.RING_MALFORMED),),
    ),
    Drill(
        name="follower-deleted",
        about="A follower is deleted while his order works.",
        arms=(_HELD_BACK,),
        acts=(Act(at=_IN_THE_LADDER, deed=Deed.DELETE_FOLLOWER),),
    ),
    Drill(
        name="kill-switch-halted",
        about="The kill switch is turned to halted in the middle of the ladder.",
        arms=(replace(_NEVER_FILLED, login=None),),
        acts=(Act(at=_IN_THE_LADDER, deed=Deed.HALT),),
        alerts=_OF_AN_ORDER,
    ),
    Drill(
        name="kill-switch-flatten",
        about="The kill switch is turned to flatten while positions are open.",
        acts=(Act(at="10:30:00", deed=Deed.FLATTEN),),
        alerts=_OF_AN_ORDER | {AlertType.FLATTENED, AlertType.FLATTEN_FAILED},
    ),
    Drill(
        name="controls-unreadable",
        about="The kill switch's document holds nonsense: it counts as halted.",
        arms=(replace(_NEVER_FILLED, login=None),),
        acts=(Act(at=_IN_THE_LADDER, deed=Deed.SPOIL_CONTROLS),),
        alerts=_OF_AN_ORDER | _OF_THE_DATABASE,
    ),
)
DRILLS: Mapping[str, Drill] = {
    drill.name: drill for drill in (*map(_of_the_simulator, CATALOG.values()), *_OURS)
}


def list_of_drills() -> str:
    """Name every fault, a line each."""
    width = max(map(len, DRILLS))
    return "".join(f"{drill.name:<{width}}  {drill.about}\n" for drill in DRILLS.values())
