"""What a fault is: its entry in the catalog, and one that was armed against this simulator.

A fault is data. It is armed by one JSON object, in the configuration or over the control API:

``name``        which fault of the catalog
``parameters``  its own parameters; those left out have the catalog's defaults
``login``       only this login; absent: every login
``client``      only this client id; absent: every client
``order_ref``   only orders of this reference; absent: every order
``at``          nothing before this market time (ISO 8601 with a zone); absent: from now on
``on``          of a fault with a moment: it begins at an event instead: connect, order, modify,
                cancel, what-if, exercise, fill, or ``sent:KIND`` after a message of this kind
``nth``         the first matching occasion that counts, 1 the next one
``times``       how many occasions it spoils; 0 is all of them. Absent: 1
``chance``      the share of the counted occasions that it spoils, drawn from the seed

Events before their handling: a connection cut ``on`` an order is cut when the order arrives, and
the order then lives without the client hearing of it. Where several logins run side by side, name
the login: which of them places the n-th order depends on who is read first. What was armed does not
outlive the simulator: one that starts again arms what its configuration says.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from gateway.simulator.config import ConfigError, Json
from gateway.simulator.orders import Order

Value = bool | int | float | str | Decimal | tuple[str, ...]

MOMENT_EVENTS = ("connect", "order", "modify", "cancel", "what-if", "exercise", "fill")
SENT_EVENT = "sent:"


class FaultError(ConfigError):
    """A fault cannot be armed; the message names the field and says what belongs there."""


class Occasion(StrEnum):
    """When a fault acts: at a moment of its own, or on a thing that happens."""

    MOMENT = "moment"
    ORDER = "order"
    MODIFY = "modify"
    CANCEL = "cancel"
    WHAT_IF = "what-if"
    REQUEST = "request"
    MESSAGE = "message"
    FILL = "fill"


class ValueKind(StrEnum):
    """What a parameter holds; seconds are market time, a decimal is written as text."""

    SECONDS = "seconds"
    WHOLE = "whole number"
    DECIMAL = "decimal as text"
    TEXT = "text"
    FLAG = "true or false"
    WORDS = "list of words"


@dataclass(frozen=True, kw_only=True, slots=True)
class Parameter:
    """One parameter of a fault; ``choices`` empty: any value of its kind."""

    name: str
    kind: ValueKind
    default: Value
    does: str
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class FaultKind:
    """An entry of the catalog.

    ``lasts``: it begins at its moment and ends ``seconds`` later (0: when it is removed).
    ``source`` says how the real behaviour is known.
    """

    name: str
    occasion: Occasion
    does: str
    source: str
    parameters: tuple[Parameter, ...] = ()
    lasts: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Scene:
    """Where something happened: the login, the client, and the order it concerns."""

    login_id: str
    client_id: int | None = None
    order_ref: str = ""
    order: Order | None = None


@dataclass(kw_only=True, slots=True)
class ArmedFault:
    """A fault in waiting or at work. ``log`` tells when it acted; instants are aware UTC."""

    fault_id: int
    kind: FaultKind
    values: Mapping[str, Value]
    login_id: str | None = None
    client_id: int | None = None
    order_ref: str | None = None
    at: datetime | None = None
    on: str | None = None
    nth: int = 1
    times: int = 1
    chance: Decimal = Decimal(1)
    seen: int = 0
    fired: int = 0
    begun: int = 0
    ended: int = 0
    is_removed: bool = False
    log: list[datetime] = field(default_factory=list)

    @property
    def is_spent(self) -> bool:
        """Tell whether it will never begin again."""
        return self.is_removed or (self.times > 0 and self.fired >= self.times)

    @property
    def is_at_work(self) -> bool:
        """Tell whether a fault that lasts has begun and not ended."""
        return self.begun > self.ended

    def concerns(self, scene: Scene, at: datetime) -> bool:
        """Tell whether this fault is meant for what happens there and then."""
        if self.at is not None and at < self.at:
            return False
        if self.order_ref is not None and self.order_ref != scene.order_ref:
            return False
        return self.reaches(scene.login_id, scene.client_id)

    def reaches(self, login_id: str, client_id: int | None) -> bool:
        """Tell whether a login's client is among its targets."""
        if self.login_id not in {None, login_id}:
            return False
        return self.client_id is None or client_id is None or self.client_id == client_id

    def delay(self, name: str = "seconds") -> timedelta:
        """Return a parameter in seconds of market time."""
        value = self.values[name]
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise TypeError(f"{name} is not in seconds")
        return timedelta(seconds=value)

    def whole(self, name: str) -> int:
        """Return a whole-number parameter."""
        value = self.values[name]
        if not isinstance(value, int):
            raise TypeError(f"{name} is not a whole number")
        return value

    def decimal(self, name: str) -> Decimal:
        """Return a decimal parameter."""
        value = self.values[name]
        if not isinstance(value, Decimal):
            raise TypeError(f"{name} is not a decimal")
        return value

    def text(self, name: str) -> str:
        """Return a text parameter."""
        value = self.values[name]
        if not isinstance(value, str):
            raise TypeError(f"{name} is not text")
        return value

    def flag(self, name: str) -> bool:
        """Return a true-or-false parameter."""
        value = self.values[name]
        if not isinstance(value, bool):
            raise TypeError(f"{name} is not true or false")
        return value

    def words(self, name: str) -> tuple[str, ...]:
        """Return a parameter that lists words."""
        value = self.values[name]
        if not isinstance(value, tuple):
            raise TypeError(f"{name} is not a list of words")
        return value

    def document(self) -> Json:
        """Return it as JSON: what was asked, and what it has done so far."""
        return {
            "id": self.fault_id,
            "name": self.kind.name,
            "login": self.login_id,
            "client": self.client_id,
            "order_ref": self.order_ref,
            "at": None if self.at is None else self.at.isoformat(),
            "on": self.on,
            "nth": self.nth,
            "times": self.times,
            "chance": str(self.chance),
            "parameters": {name: value_json(value) for name, value in self.values.items()},
            "seen": self.seen,
            "fired": self.fired,
            "is_spent": self.is_spent,
            "is_at_work": self.is_at_work,
            "log": [at.isoformat() for at in self.log],
        }


def value_json(value: Value) -> Json:
    """Return a parameter's value as it is written in JSON."""
    if isinstance(value, Decimal):
        return str(value)
    return [*value] if isinstance(value, tuple) else value


def kind_json(kind: FaultKind) -> Json:
    """Return an entry of the catalog as JSON."""
    return {
        "name": kind.name,
        "occasion": kind.occasion.value,
        "does": kind.does,
        "source": kind.source,
        "lasts": kind.lasts,
        "parameters": [
            {
                "name": parameter.name,
                "kind": parameter.kind.value,
                "default": value_json(parameter.default),
                "does": parameter.does,
                "choices": [*parameter.choices],
            }
            for parameter in kind.parameters
        ],
    }
