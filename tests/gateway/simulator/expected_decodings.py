"""What a decoder must make of a message: every field that differs from the library's default.

Written from the objects that the simulator encodes and from what the Gateway says of every order,
not from the field lists of the messages, which are under test.
"""

from __future__ import annotations

from decimal import Decimal

from gateway.simulator.contracts import ComboLeg, Contract
from gateway.simulator.hours import gateway_time
from gateway.simulator.market import Market
from gateway.simulator.order_messages import MarginState
from gateway.simulator.orders import Execution, Order
from tests.walkthrough.decoding import Plain

Fields = dict[str, Plain]

UNSET = 1.7976931348623157e308
UNSET_TEXT = "1.7976931348623157E308"
_MARGINS = ("initMargin", "maintMargin", "equityWithLoan")
_PARTS = ("Before", "Change", "After")
# What the Gateway says of every order, whatever was asked; `deltaNeutralOrderType` is a text.
_OF_EVERY_ORDER: Fields = {
    "ocaType": 3,
    "volatilityType": 0,
    "deltaNeutralOrderType": "None",
    "referencePriceType": 0,
    "clearingIntent": "IB",
    "cashQty": 0.0,
    "dontUseAutoPriceForHedge": True,
}


def contract(one: Contract, exchange: str = "SMART") -> Fields:
    """A contract in the 11 fields that most messages carry."""
    return _given(
        conId=one.con_id,
        symbol=one.symbol,
        secType=one.sec_type,
        lastTradeDateOrContractMonth=one.expiry,
        strike=float(one.strike),
        right=one.right,
        multiplier="100" if one.sec_type == "OPT" else "",
        exchange=exchange,
        currency="USD",
        localSymbol=one.local_symbol,
        tradingClass=one.trading_class,
    )


def details(one: Contract, market: Market) -> Fields:
    """The details of an option that expires today at 16:00 New York, or of its underlying.

    Without its hours, of which only the first day is for the caller to check.
    """
    is_option = one.sec_type == "OPT"
    described = {
        **contract(one),
        **_given(primaryExchange=one.primary_exchange),
    }
    return {
        "contract": described,
        "marketName": one.trading_class,
        "minTick": 0.01,
        "orderTypes": "ACTIVETIM,ADJUST,ALERT,COND,DAY,GTC,GTD,LMT,MKT",
        "validExchanges": (
            "SMART,AMEX,BOX,CBOE,CBOE2,EDGX,ISE,NASDAQOM,PHLX,PSE"
            if is_option
            else "SMART,AMEX,ARCA,BATS,IEX,NASDAQ,NYSE"
        ),
        "priceMagnifier": 1,
        "longName": "INVESCO QQQ TRUST SERIES 1",
        "timeZoneId": "US/Eastern",
        "aggGroup": 2 if is_option else 1,
        "marketRuleIds": "26",
        "minSize": 1.0,
        "sizeIncrement": 1.0,
        "suggestedSizeIncrement": 1.0,
        **(_of_option(one, market) if is_option else {"stockType": "ETF"}),
    }


def ordered_contract(one: Contract) -> Fields:
    """A contract in an order: with its legs."""
    described = ",".join(
        f"{leg.contract.con_id}|{leg.ratio if leg.action == 'BUY' else -leg.ratio}"
        for leg in one.legs
    )
    legs: list[Plain] = [_leg(leg) for leg in one.legs]
    return {**contract(one), **_given(comboLegsDescrip=described, comboLegs=legs)}


def open_order(order: Order) -> Fields:
    """The order of an openOrder."""
    return {
        **_order(order),
        **_given(
            orderId=order.order_id,
            clientId=order.client_id,
            parentId=order.ticket.parent_id,
            whatIf=order.ticket.what_if,
        ),
        "deltaNeutralOpenClose": "?",
        "adjustedOrderType": "None",
    }


def completed_order(order: Order) -> Fields:
    """The order of a completedOrder: it has no ids but permId, and says how much filled."""
    return {
        **_order(order),
        "filledQuantity": float(order.filled),
        "parentPermId": 2**63 - 1,
    }


def open_state(order: Order, margin: MarginState | None = None) -> Fields:
    """The state of an openOrder: of a what-if with its figures, else with unset ones."""
    if margin is None:
        unset: Fields = {f"{name}{part}": UNSET_TEXT for name in _MARGINS for part in _PARTS}
        return {"status": str(order.status), **unset}
    rows = {
        "Before": (margin.margin_before, margin.equity_before),
        "Change": (
            margin.margin_after - margin.margin_before,
            margin.equity_after - margin.equity_before,
        ),
        "After": (margin.margin_after, margin.equity_after),
    }
    fields: Fields = {"status": str(order.status), "commissionCurrency": "USD"}
    for part, (required, equity) in rows.items():
        fields[f"initMargin{part}"] = fields[f"maintMargin{part}"] = f"{required:.2f}"
        fields[f"equityWithLoan{part}"] = f"{equity:.2f}"
    return {**fields, "commission": float(margin.commission)}


def completed_state(order: Order) -> Fields:
    """The state of a completedOrder."""
    assert order.done_at is not None
    return {
        "status": str(order.status),
        "completedTime": gateway_time(order.done_at),
        "completedStatus": f"Filled Size: {order.filled}",
    }


def order_status(order: Order) -> list[Plain]:
    """The arguments of an orderStatus."""
    return [
        order.order_id,
        str(order.status),
        float(order.filled),
        float(order.ticket.quantity) - order.filled,
        float(order.paid / order.filled) if order.filled else 0.0,
        order.perm_id,
        order.ticket.parent_id,
        float(order.last_price),
        order.client_id,
        "",
        0.0,
    ]


def execution(one: Execution) -> Fields:
    """The execution of an execDetails."""
    exchanges = {"BAG": "SMART", "OPT": "CBOE2", "STK": "ARCA"}
    return {
        **_given(
            execId=one.exec_id,
            acctNumber=one.account,
            side=one.side,
            shares=float(one.shares),
            price=float(one.price),
            permId=one.perm_id,
            clientId=one.client_id,
            orderId=one.order_id,
            cumQty=float(one.cumulative),
            avgPrice=float(one.average_price),
            orderRef=one.order_ref,
        ),
        "time": one.at.isoformat(),
        "exchange": exchanges[one.contract.sec_type],
        "lastLiquidity": 1,
    }


def fee(one: Execution) -> Fields:
    """A commissionReport; what an opening trade realized is unset."""
    return _given(
        execId=one.exec_id,
        commission=float(one.commission or 0),
        currency="USD",
        realizedPNL=UNSET if one.realized is None else float(one.realized),
    )


def _of_option(one: Contract, market: Market) -> Fields:
    return {
        "contractMonth": one.expiry[:6],
        "realExpirationDate": one.expiry,
        "lastTradeTime": "16:00:00",
        "underConId": market.contracts.underlying.con_id,
        "underSymbol": one.symbol,
        "underSecType": "STK",
    }


def _order(order: Order) -> Fields:
    ticket = order.ticket
    parameters: list[Plain] = [[tag, value] for tag, value in ticket.smart_parameters]
    return {
        **_OF_EVERY_ORDER,
        **_given(
            permId=order.perm_id,
            action=ticket.action,
            totalQuantity=float(ticket.quantity),
            orderType=ticket.order_type,
            tif=ticket.tif,
            ocaGroup=ticket.oca_group,
            account=ticket.account,
            origin=ticket.origin,
            orderRef=ticket.order_ref,
            outsideRth=ticket.outside_rth,
            hidden=ticket.hidden,
            goodTillDate=ticket.good_till_date,
            smartComboRoutingParams=parameters,
        ),
        **_prices(lmtPrice=ticket.limit_price, auxPrice=ticket.aux_price),
        **({} if ticket.open_close == "O" else {"openClose": ticket.open_close}),
    }


def _leg(leg: ComboLeg) -> Fields:
    return {
        "conId": leg.contract.con_id,
        "ratio": leg.ratio,
        "action": leg.action,
        "exchange": leg.exchange,
    }


def _prices(**prices: Decimal | None) -> Fields:
    """Unset prices are the library's default."""
    return {name: float(price) for name, price in prices.items() if price is not None}


def _given(**fields: Plain) -> Fields:
    """Leave out what equals the library's default: nothing, zero, False."""
    return {name: value for name, value in fields.items() if value}
