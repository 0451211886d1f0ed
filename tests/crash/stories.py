"""Stories: what happens on a day in which the gateway may die anywhere."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from shared.adapters.firestore.codec import encode
from shared.domain.controls import TradingMode
from shared.domain.followers import AccountId, Follower, Login, LoginId
from shared.domain.planning import plan_opening
from shared.domain.session_record import SessionRecord
from shared.domain.sessions import at_new_york
from shared.domain.signals import Signal
from shared.domain.trading_settings import TimeInForce, TradingSettings
from shared.ports.documents import Replace, Write
from tests.builders import SESSION_DATE, a_follower
from tests.contract.records import a_signal
from tests.contract.venues import CLOSE_AT, OPEN_AT

CLIENT_ID = 11
CASH = Decimal(100_000)
_SHARES = {"anna": "1", "bob": "2", "cleo": "0.4"}
FOLLOWERS = tuple(_SHARES)
SETTINGS = TradingSettings(
    entry_cutoff="09:33",
    # What fills at noon behind a dead gateway is what this is for.
    opening_time_in_force=TimeInForce.GTD,
)


def new_york(clock: str) -> datetime:
    """An instant of the story's day."""
    return at_new_york(SESSION_DATE, clock)


SIGNAL: Signal = replace(a_signal(), read_at=new_york("09:27:05"), verified_at=new_york("09:29:05"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """The kill switch is turned, or something happens at the broker.

    Attributes:
        at: When.
        mode: What the kill switch is turned to; None leaves it.
        fault: What the simulator is told, by name and login.
    """

    at: datetime
    mode: TradingMode | None = None
    fault: tuple[str, str] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Story:
    """One day.

    Attributes:
        name: Its name on the command line.
        about: What it is about, in words.
        end_at: When it is over.
        turns: What the kill switch does meanwhile.
        ends_flat: Whether every position must be closed, expired or assigned at its end.
    """

    name: str
    about: str
    end_at: datetime
    turns: tuple[Turn, ...] = ()
    ends_flat: bool = False


START_AT = new_york("09:26")
STORIES = {
    story.name: story
    for story in (
        Story(
            name="flatten",
            about="open, climb, fill, cancel what is left, flatten",
            turns=(Turn(at=new_york("09:34"), mode=TradingMode.FLATTEN),),
            end_at=new_york("09:38"),
            ends_flat=True,
        ),
        Story(
            name="halt",
            about="open, climb, halt in the middle of the ladder, cancel what works",
            turns=(
                Turn(at=new_york("09:30:14"), mode=TradingMode.HALTED),
                Turn(at=new_york("09:34"), mode=TradingMode.FLATTEN),
            ),
            end_at=new_york("09:38"),
        ),
        Story(
            name="assigned",
            about="open, fill, be assigned on the short leg, clear up what that left",
            turns=(Turn(at=new_york("09:34:20"), fault=("assignment", "login-anna")),),
            end_at=new_york("09:41"),
        ),
        Story(
            name="expiry",
            about="open, fill, close near the money at the end of the day, expire the rest",
            end_at=new_york("13:22"),
        ),
    )
}


def follower(name: str) -> Follower:
    """One of the followers."""
    return replace(
        a_follower(name),
        login_id=LoginId(f"login-{name}"),
        account_id=AccountId(f"DU-{name}".upper()),
        multiplier_ratio=Decimal(_SHARES[name]),
    )


def login(name: str, host: str, port: int) -> Login:
    """A follower's login."""
    return Login(login_id=LoginId(f"login-{name}"), host=host, port=port, client_id=CLIENT_ID)


def seeding(ports: dict[str, int]) -> list[Write]:
    """What stands in the database before the story begins: also what functions would write.

    Args:
        ports: The simulator's port of each login.
    """
    record = SessionRecord(
        session_date=SESSION_DATE,
        open_at=OPEN_AT,
        close_at=CLOSE_AT,
        shard_of_login={f"login-{name}": 0 for name in FOLLOWERS},
        active_signals={SIGNAL.ticker: SIGNAL.signal_id},
    )
    writes: list[Write] = [
        Replace(path="settings/trading", data=encode(SETTINGS)),
        switched(TradingMode.NORMAL),
        Replace(path=f"signals/{SIGNAL.signal_id}", data=encode(SIGNAL)),
        Replace(path=f"sessions/{SESSION_DATE}", data=encode(record)),
    ]
    for name in FOLLOWERS:
        one = login(name, "127.0.0.1", ports[f"login-{name}"])
        order = plan_opening(SIGNAL, follower(name), SETTINGS, now=START_AT)
        writes += [
            Replace(path=f"followers/{name}", data=encode(follower(name))),
            Replace(path=f"logins/{one.login_id}", data=encode(one)),
            Replace(path=f"orders/{order.order_id}", data=encode(order)),
        ]
    return writes


def switched(mode: TradingMode) -> Write:
    """The kill switch, turned."""
    return Replace(path="controls/trading", data={"mode": mode.value})
