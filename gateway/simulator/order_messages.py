"""Server messages with the long order layouts: openOrder, completedOrder, execDetails.

Field order: ib_insync 0.9.86's decoder. The Gateway sends the text ``None`` as
deltaNeutralOrderType, so further fields follow it (reports on ib_insync, reproduced here).
Version differences: 177 drops faProfile; 178 adds pendingPriceRevision to execDetails.
"""

from dataclasses import dataclass
from decimal import Decimal

from gateway.simulator.contracts import Contract
from gateway.simulator.frames import UNSET_DOUBLE, Field
from gateway.simulator.hours import gateway_time
from gateway.simulator.orders import Execution, Order

Fields = list[Field]

LIVE_REQUEST = -1
_WITHOUT_FA_PROFILE = 177
_WITH_PENDING_PRICE_REVISION = 178
_EXECUTION_EXCHANGES = {"BAG": "SMART", "OPT": "CBOE2", "STK": "ARCA"}
_UNSET_LONG = "9223372036854775807"


@dataclass(frozen=True, kw_only=True, slots=True)
class MarginState:
    """What a what-if answers, USD: margins and equity before, the change, and after."""

    margin_before: Decimal
    margin_after: Decimal
    equity_before: Decimal
    equity_after: Decimal
    commission: Decimal

    def fields(self) -> Fields:
        """Return the nine margin fields and the commissions of an order state."""
        change = self.margin_after - self.margin_before
        rows = (
            (self.margin_before, self.margin_before, self.equity_before),
            (change, change, self.equity_after - self.equity_before),
            (self.margin_after, self.margin_after, self.equity_after),
        )
        margins: Fields = [f"{value:.2f}" for row in rows for value in row]
        return [*margins, self.commission, UNSET_DOUBLE, UNSET_DOUBLE, "USD", ""]


def no_margins(warning: str = "") -> Fields:
    """Return an order state without figures, as in every openOrder that is no what-if."""
    return [*[UNSET_DOUBLE] * 12, "", warning]


def exec_details(request_id: int, execution: Execution, server_version: int) -> Fields:
    """Return one execution; request_id is -1 when it is reported live."""
    fields: Fields = [
        11,
        request_id,
        execution.order_id,
        *execution.contract.short(),
        execution.exec_id,
        gateway_time(execution.at),
        execution.account,
        _EXECUTION_EXCHANGES[execution.contract.sec_type],
        execution.side,
        execution.shares,
        execution.price,
        execution.perm_id,
        execution.client_id,
        0,
        execution.cumulative,
        execution.average_price,
        execution.order_ref,
        "",
        "",
        "",
        1,
    ]
    return [*fields, 0] if server_version >= _WITH_PENDING_PRICE_REVISION else fields


def open_order(order: Order, server_version: int, state: Fields | None = None) -> Fields:
    """Return an order with its state; ``state`` holds the fields after the status."""
    ticket = order.ticket
    return [
        5,
        order.order_id,
        *_basics(order.contract, order),
        order.client_id,
        order.perm_id,
        ticket.outside_rth,
        ticket.hidden,
        *_fields(0, "", "", "", "", ""),  # discretionaryAmt .. faPercentage
        *_fa_profile(server_version),
        *_fields(
            "", ticket.good_till_date, "", UNSET_DOUBLE, "", 0, "", -1
        ),  # modelCode .. exemptCode
        *_fields(0, *[UNSET_DOUBLE] * 5, ""),  # auctionStrategy .. displaySize
        *_fields(0, 0, 0, "", 3, 0, 0, UNSET_DOUBLE),  # blockOrder .. nbboPriceCap
        *_fields(ticket.parent_id, 0, UNSET_DOUBLE, 0),  # parentId .. volatilityType
        *_fields("None", UNSET_DOUBLE, 0, "", "", "", "?", 0, 0, ""),  # the delta-neutral block
        *_fields(0, 0, UNSET_DOUBLE, UNSET_DOUBLE, UNSET_DOUBLE, ""),  # .. basisPointsType
        *_combo(order),
        *_fields(
            "", "", UNSET_DOUBLE, "", 0, "", "IB", 0, 0, "", 0
        ),  # scale, hedge, clearing, algo
        ticket.what_if,
        order.status,
        *(no_margins() if state is None else state),
        *_fields(0, 0, 0),  # randomizeSize, randomizePrice, conditions
        *_fields("None", *[UNSET_DOUBLE] * 6, 0),  # adjusted orders
        *_fields("", "", "", 0.0, 1, 0, 0, 0),  # soft dollar tier .. usePriceMgmtAlgo
        *_fields("", "", 0),  # duration, postToAts, autoCancelParent
        *_fields(
            "", "", UNSET_DOUBLE, UNSET_DOUBLE, UNSET_DOUBLE
        ),  # minTradeQty .. midOffsetAtHalf
    ]


def completed_order(order: Order, server_version: int) -> Fields:
    """Return an order that is done: its keys are permId and orderRef, it has no order id."""
    ticket = order.ticket
    done_at = gateway_time(order.done_at) if order.done_at else ""
    return [
        101,
        *_basics(order.contract, order),
        order.perm_id,
        ticket.outside_rth,
        ticket.hidden,
        *_fields(0, "", "", "", ""),  # discretionaryAmt .. faPercentage
        *_fa_profile(server_version),
        *_fields(
            "", ticket.good_till_date, "", UNSET_DOUBLE, "", 0, "", -1
        ),  # modelCode .. exemptCode
        *_fields(*[UNSET_DOUBLE] * 5, ""),  # startingPrice .. displaySize
        *_fields(0, 0, "", 3, 0, UNSET_DOUBLE, 0),  # sweepToFill .. volatilityType
        *_fields("None", UNSET_DOUBLE, 0, 0, 0, ""),  # the delta-neutral block
        *_fields(0, 0, UNSET_DOUBLE, UNSET_DOUBLE),  # continuousUpdate .. trailingPercent
        *_combo(order),
        *_fields("", "", UNSET_DOUBLE, "", "", "IB", 0, 0, "", 0),  # scale, hedge, clearing, algo
        order.status,
        *_fields(0, 0, 0),  # randomizeSize, randomizePrice, conditions
        *_fields(UNSET_DOUBLE, UNSET_DOUBLE, 0.0, 1, 0),  # trailStopPrice .. isOmsContainer
        *_fields("", order.filled, 0, 0, "", 0, 0, _UNSET_LONG),  # autoCancelDate .. parentPermId
        done_at,
        order.end_text,
        *_fields(
            "", "", UNSET_DOUBLE, UNSET_DOUBLE, UNSET_DOUBLE
        ),  # minTradeQty .. midOffsetAtHalf
    ]


def _fields(*values: Field) -> Fields:
    return [*values]


def _basics(contract: Contract, order: Order) -> Fields:
    ticket = order.ticket
    return [
        *contract.short(),
        ticket.action,
        ticket.quantity,
        ticket.order_type,
        ticket.limit_price,
        ticket.aux_price,
        ticket.tif,
        ticket.oca_group,
        ticket.account,
        ticket.open_close,
        ticket.origin,
        ticket.order_ref,
    ]


def _fa_profile(server_version: int) -> Fields:
    return [] if server_version >= _WITHOUT_FA_PROFILE else [""]


def _combo(order: Order) -> Fields:
    """Return description and rows of the legs, no leg prices, and the routing parameters."""
    legs = order.contract.legs
    description = ",".join(f"{leg.contract.con_id}|{leg.ratio * leg.sign}" for leg in legs)
    fields: Fields = [description, len(legs)]
    for leg in legs:
        fields += [leg.contract.con_id, leg.ratio, leg.action, leg.exchange, 0, 0, "", -1]
    parameters = order.ticket.smart_parameters
    fields += [0, len(parameters)]
    for tag, value in parameters:
        fields += [tag, value]
    return fields
