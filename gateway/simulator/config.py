"""What a simulator is told: its market, its logins and its clock."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Protocol

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


class ConfigError(ValueError):
    """A setting is missing or wrong; the message names it and says what belongs there."""


class Clock(Protocol):
    """Market time, injected: the sandbox holds it, the command line passes wall time."""

    def now(self) -> datetime:
        """Return the present instant as an aware UTC datetime."""
        ...

    async def sleep_until(self, at: datetime) -> None:
        """Return at that instant or later; must be cancellable."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class SimulatedAccount:
    """One brokerage account and its starting cash in USD."""

    account_id: str
    cash: Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class SimulatedLogin:
    """One Gateway login: a port (0 = any free one) and its accounts.

    With ``whatif_twice`` a what-if is answered by a preliminary openOrder with unset margins and
    a warning before the real one, as some Gateways do.
    """

    login_id: str
    port: int
    accounts: tuple[SimulatedAccount, ...]
    whatif_twice: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class SimulatorConfig:
    """One simulated session. Instants are aware UTC, prices USD per share.

    ``spot`` is the underlying at the open of the model market; with recorded quotes
    (``quotes_file``) it is ignored. ``volatility`` is annual.

    Raises:
        ConfigError: An instant is naive, the session ends before it opens, a price is not
            positive, or a login or account appears twice.
    """

    seed: int
    ticker: str
    session_open_at: datetime
    session_close_at: datetime
    spot: Decimal
    logins: tuple[SimulatedLogin, ...]
    volatility: Decimal = Decimal("0.20")
    quotes_file: Path | None = None
    control_port: int = 0
    host: str = "127.0.0.1"

    def __post_init__(self) -> None:
        for name in ("session_open_at", "session_close_at"):
            if getattr(self, name).tzinfo is None:
                raise ConfigError(f"{name} has no time zone; write it as 2026-11-23T14:30:00Z")
        if self.session_open_at >= self.session_close_at:
            raise ConfigError("session_close_at must be after session_open_at")
        for name in ("spot", "volatility"):
            if getattr(self, name) <= 0:
                raise ConfigError(f"{name} must be above 0")
        _unique("login_id", [login.login_id for login in self.logins])
        _unique("account_id", [a.account_id for login in self.logins for a in login.accounts])
        for login in self.logins:
            if not login.accounts:
                raise ConfigError(f"login {login.login_id!r} needs at least one account")


def read_config(path: Path) -> SimulatorConfig:
    """Read a JSON file whose keys are the fields of SimulatorConfig.

    Money is written as text ("100000.00"), instants as ISO 8601 text with a zone.
    A relative ``quotes_file`` is taken from the folder of the configuration.

    Raises:
        ConfigError: The file is not JSON, or a key is missing, unknown or of the wrong kind.
        OSError: The file cannot be read.
    """
    try:
        document: Json = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise ConfigError(f"{path} is not JSON: {error}") from error
    return _Section(document, "").config(path.parent)


def _unique(name: str, values: list[str]) -> None:
    for value in values:
        if values.count(value) > 1:
            raise ConfigError(f"{name} {value!r} appears twice")


class _Section:
    """One JSON object of the file; every getter names the key in its error."""

    def __init__(self, document: Json, place: str) -> None:
        if not isinstance(document, dict):
            raise ConfigError(f"{place or 'the file'} must be a JSON object")
        self._document = document
        self._place = place
        self._unread = set(document)

    def config(self, folder: Path) -> SimulatorConfig:
        quotes = self.text("quotes_file", "")
        config = SimulatorConfig(
            seed=self.whole("seed"),
            ticker=self.text("ticker"),
            session_open_at=self.instant("session_open_at"),
            session_close_at=self.instant("session_close_at"),
            spot=self.money("spot", "1" if quotes else None),
            volatility=self.money("volatility", "0.20"),
            logins=tuple(section.login() for section in self.sections("logins")),
            quotes_file=folder / quotes if quotes else None,
            control_port=self.whole("control_port", 0),
            host=self.text("host", "127.0.0.1"),
        )
        self.done()
        return config

    def login(self) -> SimulatedLogin:
        login = SimulatedLogin(
            login_id=self.text("login_id"),
            port=self.whole("port", 0),
            accounts=tuple(section.account() for section in self.sections("accounts")),
            whatif_twice=self.flag("whatif_twice"),
        )
        self.done()
        return login

    def account(self) -> SimulatedAccount:
        account = SimulatedAccount(account_id=self.text("account_id"), cash=self.money("cash"))
        self.done()
        return account

    def done(self) -> None:
        if self._unread:
            raise ConfigError(f"unknown key {self._name(min(self._unread))}; remove it")

    def text(self, key: str, default: str | None = None) -> str:
        value = self._get(key, default)
        if not isinstance(value, str):
            raise ConfigError(f"{self._name(key)} must be text")
        return value

    def whole(self, key: str, default: int | None = None) -> int:
        value = self._get(key, default)
        if not isinstance(value, int) or isinstance(value, bool):
            raise ConfigError(f"{self._name(key)} must be a whole number")
        return value

    def flag(self, key: str) -> bool:
        value = self._get(key, False)
        if not isinstance(value, bool):
            raise ConfigError(f"{self._name(key)} must be true or false")
        return value

    def money(self, key: str, default: str | None = None) -> Decimal:
        text = self.text(key, default)
        try:
            value = Decimal(text)
        except InvalidOperation as error:
            raise ConfigError(f"{self._name(key)} must be a decimal as text: {text!r}") from error
        if not value.is_finite():
            raise ConfigError(f"{self._name(key)} must be a finite decimal: {text!r}")
        return value

    def instant(self, key: str) -> datetime:
        text = self.text(key)
        try:
            at = datetime.fromisoformat(text)
        except ValueError as error:
            raise ConfigError(f"{self._name(key)} must be ISO 8601: {text!r}") from error
        if at.tzinfo is None:
            raise ConfigError(f"{self._name(key)} needs a zone: write {text}Z")
        return at.astimezone(UTC)

    def sections(self, key: str) -> list["_Section"]:
        value = self._get(key, None)
        if not isinstance(value, list):
            raise ConfigError(f"{self._name(key)} must be a list")
        return [_Section(item, f"{self._name(key)}[{n}]") for n, item in enumerate(value)]

    def _get(self, key: str, default: Json) -> Json:
        self._unread.discard(key)
        value = self._document.get(key, default)
        if value is None:
            raise ConfigError(f"{self._name(key)} is missing")
        return value

    def _name(self, key: str) -> str:
        return f"{self._place}.{key}" if self._place else key
