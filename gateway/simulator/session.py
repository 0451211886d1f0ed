"""One TCP connection of an API client: handshake, start, then one handler per message."""

import asyncio
import functools
import logging
from collections.abc import Callable

from gateway.simulator import requests_accounts, requests_market, requests_orders
from gateway.simulator.clients import ApiClient
from gateway.simulator.frames import FieldReader, FrameBuffer, FrameError, encode
from gateway.simulator.hours import gateway_time
from gateway.simulator.line import Line
from gateway.simulator.login import GatewayLogin
from gateway.simulator.rejections import Rejected
from gateway.simulator.request_faults import RequestFaults

LEAST_SERVER_VERSION, GREATEST_SERVER_VERSION = 176, 178

Handler = Callable[[GatewayLogin, ApiClient, FieldReader], None]

_START_API = 71
_TOO_FAST = 100
_CLIENT_ID_IN_USE = 326
_FARM_NOTICES = (
    (2104, "Market data farm connection is OK:usfarm"),
    (2106, "HMDS data farm connection is OK:ushmds"),
    (2158, "Sec-def data farm connection is OK:secdefnj"),
)
# Bytes that may wait for a slow reader before the transport reports it.
_WRITE_BUFFER_BYTES = 1 << 20

_logger = logging.getLogger(__name__)

HANDLERS: dict[int, Handler] = {
    1: requests_market.market_data,
    2: requests_market.cancel_market_data,
    3: requests_orders.place_order,
    4: requests_orders.cancel_order,
    5: requests_orders.open_orders,
    6: requests_accounts.account_updates,
    7: requests_orders.executions,
    8: requests_orders.next_order_id,
    9: requests_market.contract_details,
    15: requests_orders.auto_open_orders,
    16: requests_orders.all_open_orders,
    21: requests_orders.exercise_options,
    49: requests_market.current_time,
    58: requests_orders.global_cancel,
    59: requests_market.market_data_type,
    61: requests_accounts.positions,
    62: requests_accounts.account_summary,
    63: requests_accounts.cancel_account_summary,
    64: requests_accounts.cancel_positions,
    76: requests_accounts.account_updates_multi,
    77: requests_accounts.cancel_account_updates_multi,
    78: requests_market.option_parameters,
    91: requests_market.market_rule,
    92: requests_accounts.profit_and_loss,
    93: requests_accounts.cancel_profit_and_loss,
    94: requests_accounts.profit_and_loss_single,
    95: requests_accounts.cancel_profit_and_loss,
    99: requests_orders.completed_orders,
}


class ApiSession(asyncio.Protocol):
    """A connection.

    ``sessions`` holds those alive, for traffic counts and for closing them; ``catch_up`` brings
    the simulator to the present instant before a request is answered.
    """

    def __init__(
        self,
        login: GatewayLogin,
        sessions: "dict[ApiSession, None]",
        catch_up: Callable[[], None],
    ) -> None:
        self.login = login
        self.sent_bytes = 0
        self.received_bytes = 0
        self.lost = asyncio.Event()
        self._sessions = sessions
        self._catch_up = catch_up
        self._frames = FrameBuffer()
        self._transport: asyncio.Transport | None = None
        self._server_version = 0
        self._line = Line(login.faults.board, login.login_id, self._write, self.abort)
        self._requests: RequestFaults | None = None
        self._pacing = login.new_pacing()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take a new connection."""
        if isinstance(transport, asyncio.Transport):
            self._transport = transport
            transport.set_write_buffer_limits(_WRITE_BUFFER_BYTES)
        self._sessions[self] = None
        self.login.faults.lines[self._line] = None
        if self.login.faults.refuses() or not self.login.is_up():
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Free the client id."""
        self._sessions.pop(self, None)
        self.login.faults.lines.pop(self._line, None)
        client = self._line.client
        if client is not None and self.login.clients.get(client.client_id) is client:
            del self.login.clients[client.client_id]
        self.lost.set()

    def data_received(self, data: bytes) -> None:
        """Handle each message that is now complete."""
        self._catch_up()
        self.received_bytes += len(data)
        try:
            complete = self._frames.feed(data)
        except FrameError as error:
            _logger.warning("connection to login %s dropped: %s", self.login.login_id, error)
            self.close()
            return
        for text in complete:
            if self._pacing.takes():
                self._line.receive(text, self._receive)
            else:
                self._refuse_pace()
        self.login.settled()

    def close(self) -> None:
        """Close the connection after what is buffered."""
        if self._transport is not None:
            self._transport.close()

    def finish(self) -> None:
        """Close now, without waiting for a peer that does not read."""
        if self._transport is not None and self._transport.get_write_buffer_size():
            self._transport.abort()
        self.close()

    def abort(self) -> None:
        """Cut the connection, as when a Gateway dies."""
        if self._transport is not None:
            self._transport.abort()

    def _refuse_pace(self) -> None:
        if self._line.client is not None:
            text = "Max rate of messages per second has been exceeded:max=50"
            self._line.client.error(-1, _TOO_FAST, text)
        if self._pacing.is_exhausted:
            self.close()

    def _write(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self.sent_bytes += len(data)
            self._transport.write(data)

    def _receive(self, text: str) -> None:
        if not self._server_version:
            self._shake_hands(text)
            return
        fields = text.split("\0")[:-1]
        if self._line.client is None or self._requests is None:
            self._start(fields)
            return
        answer = functools.partial(self._dispatch, self._line.client, fields)
        self._requests.receive(fields, answer)

    def _shake_hands(self, offer: str) -> None:
        """Answer ``v157..176`` with the highest version that both sides speak."""
        try:
            least, greatest = (int(part) for part in offer.split(" ")[0][1:].split(".."))
        except ValueError:
            self.close()
            return
        version = min(greatest, GREATEST_SERVER_VERSION)
        if version < max(least, LEAST_SERVER_VERSION):
            self.close()
            return
        self._server_version = version
        self._write(encode([version, gateway_time(self.login.clock.now())]))

    def _start(self, fields: list[str]) -> None:
        """Answer startApi with accounts, next order id and the data farm notices."""
        reader = FieldReader(fields)
        try:
            message_id = reader.whole()
            reader.skip(1)
            client_id = reader.whole()
        except (ValueError, IndexError):
            message_id = 0
        if message_id != _START_API:
            self.close()
            return
        outbox = self._line.outbox
        outbox.answering = message_id
        self._admit(ApiClient(client_id, self._server_version, outbox.send))
        outbox.answering = 0

    def _admit(self, client: ApiClient) -> None:
        client_id = client.client_id
        if not self.login.has_room_for(client_id):
            text = "Unable to connect as the client id is already in use. "
            client.error(-1, _CLIENT_ID_IN_USE, text + "Retry with a unique client id.")
            self.close()
            return
        self.login.clients[client_id] = client
        self._line.start(client)
        self._requests = RequestFaults(self.login, client, self._line)
        self.login.faults.board.fire("connect", self._line.outbox.scene)
        client.send([15, 1, ",".join(self.login.accounts)])
        client.send([9, 1, self.login.book.next_valid_id(client_id)])
        for code, text in _FARM_NOTICES:
            client.error(-1, code, text)

    def _dispatch(self, client: ApiClient, fields: list[str]) -> None:
        reader = FieldReader(fields)
        try:
            self._line.outbox.answering = message_id = reader.whole()
            handler = HANDLERS.get(message_id)
            if handler is None:
                client.error(-1, 505, f"Fatal Error: Unknown message id {message_id}")
                return
            handler(self.login, client, reader)
        except Rejected as refusal:
            client.error(refusal.request_id, refusal.code, refusal.text)
        except (LookupError, ValueError, ArithmeticError) as error:
            _logger.exception("login %s: bad request %s", self.login.login_id, fields[:4])
            text = f"Server error when reading an API client request: {error}"
            client.error(-1, 320, text)
        finally:
            self._line.outbox.answering = 0
