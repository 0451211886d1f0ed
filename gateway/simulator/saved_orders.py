"""Orders, executions and contracts as JSON, and back: what survives a restart.

Contracts are told by their names (``QQQ`` or ``QQQ   261123P00597000``), decimals as text,
instants as ISO 8601; empty text is "none".
"""

from datetime import datetime
from decimal import Decimal

from gateway.simulator.config import ConfigError, Json
from gateway.simulator.contracts import Contract, ContractTable
from gateway.simulator.orders import Execution, Order, OrderStatus
from gateway.simulator.queries import ContractQuery, QueriedLeg
from gateway.simulator.settings_section import Section
from gateway.simulator.tickets import Ticket


def contract_document(contract: Contract) -> Json:
    """Return a contract: its name, or a combo's legs."""
    legs: list[Json] = [
        [leg.contract.local_symbol, leg.ratio, leg.action, leg.exchange] for leg in contract.legs
    ]
    return {"legs": legs, "exchange": contract.exchange} if legs else contract.local_symbol


def order_document(order: Order) -> Json:
    """Return an order with its ticket."""
    return {
        "order_id": order.order_id,
        "client_id": order.client_id,
        "perm_id": order.perm_id,
        "manual_number": order.manual_number,
        "twin_ids": order.twin_ids,
        "doubles": order.doubles,
        "contract": contract_document(order.contract),
        "ticket": _ticket_document(order.ticket),
        "sequence": order.sequence,
        "status": order.status.value,
        "expires_at": _instant(order.expires_at),
        "rung": order.rung,
        "fills": order.fills,
        "filled": order.filled,
        "paid": str(order.paid),
        "last_price": str(order.last_price),
        "leg_paid": {str(number): str(paid) for number, paid in order.leg_paid.items()},
        "done_at": _instant(order.done_at),
        "end_reason": order.end_reason,
    }


def execution_document(row: Execution) -> Json:
    """Return an execution."""
    return {
        "exec_id": row.exec_id,
        "contract": contract_document(row.contract),
        "side": row.side,
        "shares": row.shares,
        "price": str(row.price),
        "cumulative": row.cumulative,
        "average_price": str(row.average_price),
        "at": _instant(row.at),
        "account": row.account,
        "order_id": row.order_id,
        "client_id": row.client_id,
        "perm_id": row.perm_id,
        "order_ref": row.order_ref,
        "commission": _decimal(row.commission),
        "realized": _decimal(row.realized),
    }


class SavedOrders:
    """Reads them back, with the contracts of a market; ConfigError names what is wrong."""

    def __init__(self, table: ContractTable) -> None:
        self._table = table

    def order(self, saved: Section) -> Order:
        """Return an order."""
        leg_paid = saved.section("leg_paid")
        return Order(
            order_id=saved.whole("order_id"),
            client_id=saved.whole("client_id"),
            perm_id=saved.whole("perm_id"),
            manual_number=saved.whole("manual_number"),
            twin_ids=saved.whole("twin_ids"),
            doubles=saved.whole("doubles"),
            contract=self.contract(saved),
            ticket=_ticket(saved.section("ticket")),
            sequence=saved.whole("sequence"),
            status=OrderStatus(saved.text("status")),
            expires_at=saved.optional_instant("expires_at"),
            rung=saved.whole("rung"),
            fills=saved.whole("fills"),
            filled=saved.whole("filled"),
            paid=saved.money("paid"),
            last_price=saved.money("last_price"),
            leg_paid={int(number): leg_paid.money(number) for number in leg_paid.names()},
            done_at=saved.optional_instant("done_at"),
            end_reason=saved.text("end_reason"),
        )

    def execution(self, saved: Section) -> Execution:
        """Return an execution."""
        return Execution(
            exec_id=saved.text("exec_id"),
            contract=self.contract(saved),
            side=saved.text("side"),
            shares=saved.whole("shares"),
            price=saved.money("price"),
            cumulative=saved.whole("cumulative"),
            average_price=saved.money("average_price"),
            at=saved.instant("at"),
            account=saved.text("account"),
            order_id=saved.whole("order_id"),
            client_id=saved.whole("client_id"),
            perm_id=saved.whole("perm_id"),
            order_ref=saved.text("order_ref"),
            commission=saved.optional_money("commission"),
            realized=saved.optional_money("realized"),
        )

    def contract(self, saved: Section) -> Contract:
        """Return the contract under the key of this name."""
        if not saved.is_object("contract"):
            return self.named(saved.text("contract"))
        combo = saved.section("contract")
        legs = tuple(
            QueriedLeg(
                con_id=self.named(leg.text("0")).con_id,
                ratio=leg.whole("1"),
                action=leg.text("2"),
                exchange=leg.text("3"),
            )
            for leg in combo.rows("legs")
        )
        query = ContractQuery(
            con_id=0,
            symbol=self._table.underlying.symbol,
            sec_type="BAG",
            expiry="",
            strike=None,
            right="",
            exchange=combo.text("exchange"),
            local_symbol="",
            legs=legs,
        )
        found = self._table.combo(query)
        if found is None:
            raise ConfigError("the state file names a combo of unknown legs; remove the file")
        return found

    def named(self, name: str) -> Contract:
        """Return the contract of a local symbol."""
        if name == self._table.underlying.local_symbol:
            return self._table.underlying
        found = self._table.by_local_symbol(name)
        if found is None:
            raise ConfigError(f"the state file names an unknown contract {name!r}; remove the file")
        return found


def _ticket_document(ticket: Ticket) -> Json:
    parameters: list[Json] = [[tag, value] for tag, value in ticket.smart_parameters]
    return {
        "action": ticket.action,
        "quantity": str(ticket.quantity),
        "order_type": ticket.order_type,
        "limit_price": _decimal(ticket.limit_price),
        "aux_price": _decimal(ticket.aux_price),
        "tif": ticket.tif,
        "oca_group": ticket.oca_group,
        "account": ticket.account,
        "open_close": ticket.open_close,
        "origin": ticket.origin,
        "order_ref": ticket.order_ref,
        "transmit": ticket.transmit,
        "parent_id": ticket.parent_id,
        "outside_rth": ticket.outside_rth,
        "hidden": ticket.hidden,
        "smart_parameters": parameters,
        "good_till_date": ticket.good_till_date,
    }


def _ticket(saved: Section) -> Ticket:
    return Ticket(
        action=saved.text("action"),
        quantity=saved.money("quantity"),
        order_type=saved.text("order_type"),
        limit_price=saved.optional_money("limit_price"),
        aux_price=saved.optional_money("aux_price"),
        tif=saved.text("tif"),
        oca_group=saved.text("oca_group"),
        account=saved.text("account"),
        open_close=saved.text("open_close"),
        origin=saved.whole("origin"),
        order_ref=saved.text("order_ref"),
        transmit=saved.flag("transmit"),
        parent_id=saved.whole("parent_id"),
        outside_rth=saved.flag("outside_rth"),
        hidden=saved.flag("hidden"),
        smart_parameters=tuple(
            (row.text("0"), row.text("1")) for row in saved.rows("smart_parameters")
        ),
        good_till_date=saved.text("good_till_date"),
    )


def _instant(at: datetime | None) -> str:
    return at.isoformat() if at else ""


def _decimal(value: Decimal | None) -> str:
    return "" if value is None else str(value)
