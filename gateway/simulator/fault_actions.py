"""What faults with a moment do when it comes, and how those that last are undone."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Protocol

from gateway.simulator import forced_fills, messages, quote_faults, ticks
from gateway.simulator.clients import ApiClient
from gateway.simulator.fault_board import FaultBoard
from gateway.simulator.faults import ArmedFault, Scene
from gateway.simulator.line import Line
from gateway.simulator.login import GatewayLogin
from gateway.simulator.notices import NOTICES, notice_code
from gateway.simulator.orders import Execution
from gateway.simulator.outbox import CUT_OFF_FAULTS

_DATA_LOST = 1101
_FARM_BROKEN, _FARM_OK = "2103-data-farm-broken", 2104
# The notices that end outages, and which.
_RESTORES = {
    "1101-restored-data-lost": CUT_OFF_FAULTS,
    "1102-restored-data-kept": CUT_OFF_FAULTS,
    "2104-data-farm-ok": (_FARM_BROKEN,),
}


class Doors(Protocol):
    """The listening ports of the logins."""

    def shut(self, login_id: str) -> None:
        """Take no connections to a login any more."""
        ...

    def unshut(self, login_id: str) -> None:
        """Take connections again."""
        ...


class SimulatorFaultActions:
    """Does to the logins what the faults of their board say."""

    def __init__(self, board: FaultBoard, logins: dict[str, GatewayLogin], doors: Doors) -> None:
        self._board = board
        self._logins = logins
        self._doors = doors
        self._begins: dict[str, Callable[[ArmedFault, GatewayLogin], None]] = {
            "drop-connection": self._drop,
            "326-on-connect": self._drop_and_hold,
            "daily-restart": self._restart,
            "id-rollback": self._roll_ids_back,
            "silent-connection": self._silence,
            "assignment": self._assign,
            "unsolicited-cancel": self._cancel_unasked,
        }
        self._ends: dict[str, Callable[[GatewayLogin], None]] = {
            "326-on-connect": lambda login: login.faults.held_client_ids.clear(),
            "daily-restart": lambda login: doors.unshut(login.login_id),
            "silent-connection": self._unsilence,
            "login-throttled": self._resume,
        }

    def begin(self, fault: ArmedFault, scene: Scene | None) -> None:
        """Do what a fault does at its moment, to every login it is meant for."""
        name = fault.kind.name
        if name in _RESTORES:
            self._restore_from(fault, scene)
            return
        for login in self._targets(fault, scene):
            if name in self._begins:
                self._begins[name](fault, login)
            elif name in NOTICES:
                self._give_notice(fault, login)
            else:
                self._begin_quotes(fault, login)

    def end(self, fault: ArmedFault) -> None:
        """Undo a fault that lasts."""
        name = fault.kind.name
        for login in self._targets(fault, None):
            if name in self._ends:
                self._ends[name](login)
            elif name in CUT_OFF_FAULTS:
                self._restore(fault, login, int(fault.text("restored")))
            elif name == _FARM_BROKEN:
                self._restore(fault, login, _FARM_OK)
            else:
                self._end_quotes(fault, login)

    def spoil_fill(self, fault: ArmedFault, scene: Scene, rows: list[Execution]) -> None:
        """Correct or take back a fill: execDetails, the order, then fees."""
        login, order = self._logins[scene.login_id], scene.order
        if order is None:
            return
        is_bust = fault.kind.name == "busted-fill"
        price = Decimal(0) if is_bust else fault.decimal("price")
        fewer = rows[0].shares if is_bust else fault.whole("fewer")
        corrected = forced_fills.correct(login, order, rows, price, fewer)
        login.book.reports.filled(order, corrected)
        login.push(login.accounts[order.ticket.account])

    def _targets(self, fault: ArmedFault, scene: Scene | None) -> Iterator[GatewayLogin]:
        for login in self._logins.values():
            here = scene is None or scene.login_id == login.login_id
            if here and fault.login_id in {None, login.login_id}:
                yield login

    def _lines(self, fault: ArmedFault, login: GatewayLogin) -> list[Line]:
        return [
            line for line in login.faults.lines if fault.client_id in {None, line.outbox.client_id}
        ]

    def _clients(self, fault: ArmedFault, login: GatewayLogin) -> list[ApiClient]:
        return [
            client
            for client in login.clients.values()
            if fault.client_id in {None, client.client_id}
        ]

    def _drop(self, fault: ArmedFault, login: GatewayLogin) -> None:
        for line in self._lines(fault, login):
            line.cut()

    def _drop_and_hold(self, fault: ArmedFault, login: GatewayLogin) -> None:
        login.faults.held_client_ids |= {c.client_id for c in self._clients(fault, login)}
        self._drop(fault, login)

    def _restart(self, fault: ArmedFault, login: GatewayLogin) -> None:
        self._doors.shut(login.login_id)
        for line in list(login.faults.lines):
            line.cut()

    def _roll_ids_back(self, fault: ArmedFault, login: GatewayLogin) -> None:
        login.book.roll_ids_back(fault.whole("by"))
        self._drop(fault, login)

    def _silence(self, fault: ArmedFault, login: GatewayLogin) -> None:
        for line in self._lines(fault, login):
            line.outbox.is_mute = True
            line.is_deaf = not fault.flag("processes")

    def _unsilence(self, login: GatewayLogin) -> None:
        for line in list(login.faults.lines):
            line.outbox.is_mute = line.is_deaf = False
        self._resume(login)

    def _resume(self, login: GatewayLogin) -> None:
        for line in list(login.faults.lines):
            line.resume()

    def _give_notice(self, fault: ArmedFault, login: GatewayLogin) -> None:
        self._tell(fault, login, notice_code(fault.kind.name))
        if fault.kind.name == "1300-port-reset":
            self._drop(fault, login)

    def _restore_from(self, fault: ArmedFault, scene: Scene | None) -> None:
        """End the outages that a notice of restoration ends, at every login they reached."""
        restored = {login.login_id: login for login in self._targets(fault, scene)}
        for login in list(restored.values()):
            for name in _RESTORES[fault.kind.name]:
                outage = self._board.active(name, login.login_id, None)
                if outage is not None:
                    self._board.finish(outage)
                    restored |= {one.login_id: one for one in self._targets(outage, None)}
        for login in restored.values():
            self._restore(fault, login, notice_code(fault.kind.name))

    def _restore(self, fault: ArmedFault, login: GatewayLogin, code: int) -> None:
        """Tell that the connection is back, then what waited for it."""
        self._tell(fault, login, code)
        if code == _DATA_LOST:
            for client in login.clients.values():
                client.subscribed.quotes.clear()
        self._resume(login)
        self._requote(login)

    def _tell(self, fault: ArmedFault, login: GatewayLogin, code: int) -> None:
        text = next(text for name, text in NOTICES.items() if notice_code(name) == code)
        for line in self._lines(fault, login):
            if line.client is not None:
                line.outbox.send_past([messages.error(-1, code, text)])

    def _begin_quotes(self, fault: ArmedFault, login: GatewayLogin) -> None:
        name = fault.kind.name
        answer = quote_faults.REFUSED_QUOTES.get(name)
        if name == quote_faults.DELAYED_QUOTES:
            answer = (quote_faults.DELAYED_CODE, quote_faults.DELAYED_TEXT)
            self._set_data_type(fault, login, quote_faults.DELAYED_TYPE)
        if answer is not None:
            for client in self._clients(fault, login):
                for request_id in self._streams(fault, client):
                    client.error(request_id, *answer)
        if name in quote_faults.SPOILED_PRICES:
            self._requote(login)

    def _end_quotes(self, fault: ArmedFault, login: GatewayLogin) -> None:
        if fault.kind.name == quote_faults.DELAYED_QUOTES:
            self._set_data_type(fault, login, quote_faults.LIVE_TYPE)
        if "of" in fault.values and fault.kind.name != "empty-snapshot":
            self._requote(login)

    def _set_data_type(self, fault: ArmedFault, login: GatewayLogin, data_type: int) -> None:
        for client in self._clients(fault, login):
            for request_id in self._streams(fault, client):
                client.send([58, 1, request_id, data_type])

    def _streams(self, fault: ArmedFault, client: ApiClient) -> list[int]:
        return [
            request_id
            for request_id, stream in client.subscribed.quotes.items()
            if quote_faults.is_of(fault, stream.contract.sec_type)
        ]

    def _requote(self, login: GatewayLogin) -> None:
        """Send every stream's quote anew."""
        at = login.clock.now()
        for client in list(login.clients.values()):
            for stream in client.subscribed.quotes.values():
                stream.sent = None
            ticks.send_changes(client, login.market, at)

    def _cancel_unasked(self, fault: ArmedFault, login: GatewayLogin) -> None:
        for order in list(login.book.live.values()):
            is_meant = fault.order_ref in {None, order.ticket.order_ref}
            if is_meant and fault.client_id in {None, order.client_id}:
                login.book.cancel(order, login.clock.now())

    def _assign(self, fault: ArmedFault, login: GatewayLogin) -> None:
        wanted, symbol = fault.text("account"), fault.text("local_symbol")
        for account in login.accounts.values():
            for contract, held in account.holdings():
                is_short = contract.sec_type == "OPT" and held < 0
                if not is_short or wanted not in {"", account.account_id}:
                    continue
                if symbol in {"", contract.local_symbol}:
                    assigned = min(fault.whole("quantity") or -held, -held)
                    login.settlements.assign(account, contract, assigned, login.clock.now())
                    return
