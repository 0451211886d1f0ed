"""One connection, both ways: what its client asks may have to wait before it is carried out."""

from collections import deque
from collections.abc import Callable

from gateway.simulator.clients import ApiClient
from gateway.simulator.fault_board import FaultBoard
from gateway.simulator.outbox import LOCAL_REQUESTS, Outbox

Handle = Callable[[str], None]


class Line:
    """A connection's outbox, and the requests that wait.

    ``is_ignored``: nothing is ever answered. ``is_deaf``: what comes in waits. ``cut`` ends the
    connection at once.
    """

    def __init__(
        self,
        board: FaultBoard,
        login_id: str,
        write: Callable[[bytes], None],
        cut: Callable[[], None],
    ) -> None:
        self.outbox = Outbox(board, login_id, write)
        self.cut = cut
        self.client: ApiClient | None = None
        self.is_deaf = False
        self.is_ignored = board.active("silent-socket", login_id, None) is not None
        self._board = board
        self._login_id = login_id
        self._waiting: deque[tuple[str, Handle]] = deque()

    def start(self, client: ApiClient) -> None:
        """Take note of who is on the line."""
        self.client = client
        self.outbox.client_id = client.client_id

    def receive(self, text: str, handle: Handle) -> None:
        """Have a message handled now, or later if faults keep it waiting."""
        if self.is_ignored:
            return
        if self._board.is_quiet and not self._waiting:
            handle(text)
        elif self._is_kept(text) or (self._waiting and not self._is_local(text)):
            self._waiting.append((text, handle))
        else:
            handle(text)

    def resume(self) -> None:
        """Send what was held and handle what waited, as far as nothing holds it any more."""
        self.outbox.resume()
        while self._waiting and not self._is_kept(self._waiting[0][0]):
            text, handle = self._waiting.popleft()
            handle(text)

    def _is_kept(self, text: str) -> bool:
        if self.is_deaf:
            return True
        if self.client is None:
            throttled = self._board.active("login-throttled", self._login_id, None)
            return throttled is not None and throttled.text("mode") == "delay"
        return self.outbox.is_cut_off and not self._is_local(text)

    def _is_local(self, text: str) -> bool:
        """Tell whether the Gateway answers by itself; never for a hung one."""
        message_id = text.partition("\0")[0]
        return not self.is_deaf and message_id.isdigit() and int(message_id) in LOCAL_REQUESTS
