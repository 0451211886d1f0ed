"""One API connection after its start: what it subscribed to, and how to send to it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

from gateway.simulator import messages
from gateway.simulator.contracts import Contract
from gateway.simulator.frames import Field
from gateway.simulator.quotes import Quote


@dataclass(slots=True)
class Subscription:
    """Streaming quotes of one contract, and the last quote that was sent."""

    contract: Contract
    sent: Quote | None = None


@dataclass(frozen=True, slots=True)
class ProfitSubscription:
    """Profit and loss of an account, or of one contract in it (con_id 0: the whole account)."""

    account_id: str
    con_id: int = 0


@dataclass(slots=True)
class Subscriptions:
    """What a client asked to be kept informed of; keys are request ids."""

    quotes: dict[int, Subscription] = field(default_factory=dict)
    profits: dict[int, ProfitSubscription] = field(default_factory=dict)
    summaries: dict[int, tuple[str, ...]] = field(default_factory=dict)
    multi: dict[int, str] = field(default_factory=dict)
    account_id: str | None = None
    positions: bool = False
    told: dict[tuple[int, str, str], Decimal] = field(default_factory=dict)

    @property
    def has_accounts(self) -> bool:
        """Tell whether values of any account are kept up to date."""
        return bool(self.account_id or self.multi or self.summaries)

    def forget(self, request_id: int) -> None:
        """Forget what was sent under a request, so that all of it is sent again."""
        for key in [key for key in self.told if key[0] == request_id]:
            del self.told[key]

    def is_news(self, request_id: int, account_id: str, tag: str, value: Decimal) -> bool:
        """Tell whether a value differs from the one last sent under a request, and note it."""
        key = (request_id, account_id, tag)
        if self.told.get(key) == value:
            return False
        self.told[key] = value
        return True


class ApiClient:
    """A started API client of one login."""

    def __init__(
        self, client_id: int, server_version: int, send_rows: Callable[[list[list[Field]]], None]
    ) -> None:
        self.client_id = client_id
        self.server_version = server_version
        self.subscribed = Subscriptions()
        self.binds_manual_orders = False
        self._send_rows = send_rows

    def send(self, fields: list[Field]) -> None:
        """Send one message."""
        self._send_rows([fields])

    def send_all(self, rows: list[list[Field]]) -> None:
        """Send messages in one write."""
        if rows:
            self._send_rows(rows)

    def error(self, request_id: int, code: int, text: str) -> None:
        """Send an error or a notice; -1 where it concerns no request."""
        self.send(messages.error(request_id, code, text))
