"""One API connection after its start: what it subscribed to, and how to send to it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from gateway.simulator import messages
from gateway.simulator.contracts import Contract
from gateway.simulator.frames import Field, encode
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


class ApiClient:
    """A started API client of one login."""

    def __init__(self, client_id: int, server_version: int, write: Callable[[bytes], None]) -> None:
        self.client_id = client_id
        self.server_version = server_version
        self.subscribed = Subscriptions()
        self._write = write

    def send(self, fields: list[Field]) -> None:
        """Send one message."""
        self._write(encode(fields))

    def send_all(self, rows: list[list[Field]]) -> None:
        """Send messages in one write."""
        if rows:
            self._write(b"".join([encode(fields) for fields in rows]))

    def error(self, request_id: int, code: int, text: str) -> None:
        """Send an error or a notice; -1 where it concerns no request."""
        self.send(messages.error(request_id, code, text))
