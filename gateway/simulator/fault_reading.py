"""Reading a fault from JSON, strictly: every refusal names the field and what belongs there."""

from collections.abc import Collection
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from gateway.simulator.config import Json
from gateway.simulator.fault_catalog import CATALOG
from gateway.simulator.fault_messages import MESSAGE_KINDS
from gateway.simulator.faults import (
    MOMENT_EVENTS,
    SENT_EVENT,
    ArmedFault,
    FaultError,
    FaultKind,
    Occasion,
    Parameter,
    Value,
    ValueKind,
)

_KEYS = frozenset(
    {"name", "parameters", "login", "client", "order_ref", "at", "on", "nth", "times", "chance"}
)


def read_fault(
    document: Json, *, place: str, fault_id: int, login_ids: Collection[str]
) -> ArmedFault:
    """Read one fault; ``place`` is where it stands, for messages.

    Raises:
        FaultError: A field is missing, unknown or of the wrong kind.
    """
    return _FaultDocument(document, place).read(fault_id, login_ids)


class _FaultDocument:
    """One JSON object; every refusal names its field."""

    def __init__(self, document: Json, place: str) -> None:
        if not isinstance(document, dict):
            raise FaultError(f"{place} must be a JSON object")
        self._document = document
        self._place = place

    def read(self, fault_id: int, login_ids: Collection[str]) -> ArmedFault:
        """Return the fault that the object describes."""
        unknown = sorted(set(self._document) - _KEYS)
        if unknown:
            raise self._error(unknown[0], f"is unknown; a fault has {', '.join(sorted(_KEYS))}")
        kind = self._kind()
        return ArmedFault(
            fault_id=fault_id,
            kind=kind,
            values=self._values(kind),
            login_id=self._login(kind, login_ids),
            client_id=self._whole("client", None, least=0),
            order_ref=self._text("order_ref"),
            at=self._instant("at"),
            on=self._event(kind),
            nth=self._whole("nth", 1, least=1) or 1,
            times=self._whole("times", 1, least=0) or 0,
            chance=self._chance(),
        )

    def _kind(self) -> FaultKind:
        name = self._text("name")
        if name is None:
            raise self._error("name", "is missing")
        kind = CATALOG.get(name)
        if kind is None:
            raise self._error("name", f"{name!r} is no fault of the catalog; GET /faults lists it")
        return kind

    def _login(self, kind: FaultKind, login_ids: Collection[str]) -> str | None:
        login_id = self._text("login")
        if kind.lasts and login_id is None and self._document.get("on") is not None:
            if len(login_ids) > 1:
                raise self._error("login", f"is needed: {kind.name} lasts and begins at an event")
            return next(iter(login_ids))
        if login_id is not None and login_id not in login_ids:
            raise self._error("login", f"{login_id!r} is no login of this simulator")
        return login_id

    def _event(self, kind: FaultKind) -> str | None:
        event = self._text("on")
        if event is None:
            self._check_counted(kind)
            return None
        if kind.occasion is not Occasion.MOMENT:
            raise self._error("on", f"does not fit {kind.name}: it acts on each {kind.occasion}")
        if event.startswith(SENT_EVENT):
            if event.removeprefix(SENT_EVENT) not in MESSAGE_KINDS:
                raise self._error("on", f"{event!r} names no message; e.g. sent:openOrder")
        elif event not in MOMENT_EVENTS:
            raise self._error("on", f"must be one of {', '.join(MOMENT_EVENTS)} or sent:KIND")
        return event

    def _check_counted(self, kind: FaultKind) -> None:
        """Refuse to count the occasions of a fault that has none: it begins once."""
        counted = [field for field in ("nth", "times", "chance") if field in self._document]
        if kind.occasion is Occasion.MOMENT and counted:
            raise self._error(counted[0], f"needs on: {kind.name} begins once, at its moment")

    def _chance(self) -> Decimal:
        chance = self._decimal("chance", self._document.get("chance", "1"))
        if not 0 < chance <= 1:
            raise self._error("chance", "must be above 0 and at most 1")
        return chance

    def _values(self, kind: FaultKind) -> dict[str, Value]:
        given = self._document.get("parameters", {})
        if not isinstance(given, dict):
            raise self._error("parameters", "must be a JSON object")
        known = {parameter.name: parameter for parameter in kind.parameters}
        for name in sorted(set(given) - set(known)):
            takes = ", ".join(known) or "none"
            raise self._error(f"parameters.{name}", f"is unknown; {kind.name} takes: {takes}")
        return {
            name: self._value(parameter, given[name]) if name in given else parameter.default
            for name, parameter in known.items()
        }

    def _value(self, parameter: Parameter, given: Json) -> Value:
        field = f"parameters.{parameter.name}"
        value = self._of_kind(field, parameter, given)
        words = value if isinstance(value, tuple) else (value,)
        if parameter.choices and not all(word in parameter.choices for word in words):
            raise self._error(field, f"must be of {', '.join(parameter.choices)}")
        return value

    def _of_kind(self, field: str, parameter: Parameter, given: Json) -> Value:
        kind = parameter.kind
        if kind is ValueKind.DECIMAL:
            return self._decimal(field, given)
        if kind is ValueKind.WORDS:
            return self._words(field, given)
        if kind is ValueKind.FLAG and isinstance(given, bool):
            return given
        if kind is ValueKind.TEXT and isinstance(given, str):
            return given
        is_number = isinstance(given, int | float) and not isinstance(given, bool)
        if kind is ValueKind.SECONDS and is_number and isinstance(given, int | float):
            if 0 <= given <= 864_000:
                return given
            raise self._error(field, "must be from 0 to 864000 seconds")
        if kind is ValueKind.WHOLE and isinstance(given, int) and is_number and given >= 0:
            return given
        raise self._error(field, f"must be {kind.value}, not negative")

    def _words(self, field: str, given: Json) -> tuple[str, ...]:
        if not isinstance(given, list) or not given:
            raise self._error(field, "must be a list of words, not empty")
        words = tuple(word for word in given if isinstance(word, str))
        if len(words) != len(given):
            raise self._error(field, "must be a list of words")
        return words

    def _decimal(self, field: str, given: Json) -> Decimal:
        if not isinstance(given, str):
            raise self._error(field, "must be a decimal as text")
        try:
            value = Decimal(given)
        except InvalidOperation as error:
            raise self._error(field, f"must be a decimal as text: {given!r}") from error
        if not value.is_finite():
            raise self._error(field, f"must be a finite decimal: {given!r}")
        return value

    def _text(self, field: str) -> str | None:
        value = self._document.get(field)
        if value is not None and not isinstance(value, str):
            raise self._error(field, "must be text")
        return value

    def _whole(self, field: str, default: int | None, *, least: int) -> int | None:
        value = self._document.get(field)
        if value is None:
            return default
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise self._error(field, f"must be a whole number, at least {least}")
        return value

    def _instant(self, field: str) -> datetime | None:
        text = self._text(field)
        if text is None:
            return None
        try:
            at = datetime.fromisoformat(text)
        except ValueError as error:
            raise self._error(field, f"must be ISO 8601: {text!r}") from error
        if at.tzinfo is None:
            raise self._error(field, f"needs a zone: write {text}Z")
        return at.astimezone(UTC)

    def _error(self, field: str, text: str) -> FaultError:
        return FaultError(f"{self._place}.{field} {text}")
