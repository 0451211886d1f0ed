"""Server messages with short layouts, as lists of fields. Layouts: ib_insync 0.9.86's decoder."""

from datetime import datetime
from decimal import Decimal

from gateway.simulator.accounts import Account, Position, mark_price
from gateway.simulator.contracts import TICK, Contract
from gateway.simulator.frames import UNSET_DOUBLE, Field
from gateway.simulator.hours import NEW_YORK, ZONE_NAME, gateway_time
from gateway.simulator.market import Market
from gateway.simulator.orders import Execution, Order
from gateway.simulator.pricing import OptionModel

Fields = list[Field]

BID_SIZE, BID, ASK, ASK_SIZE, LAST, VOLUME, MODEL_OPTION = 0, 1, 2, 3, 4, 8, 13
_LIVE_DATA = 1
_WEEK_DAYS = 7
_ORDER_TYPES = "ACTIVETIM,ADJUST,ALERT,COND,DAY,GTC,GTD,LMT,MKT"
_OPTION_EXCHANGES = "SMART,AMEX,BOX,CBOE,CBOE2,EDGX,ISE,NASDAQOM,PHLX,PSE"
_STOCK_EXCHANGES = "SMART,AMEX,ARCA,BATS,IEX,NASDAQ,NYSE"
_PENNY_RULE = "26"
_LONG_NAMES = {
    "DIA": "SPDR DJIA TRUST",
    "IWM": "ISHARES RUSSELL 2000 ETF",
    "QQQ": "INVESCO QQQ TRUST SERIES 1",
    "SPY": "SPDR S&P 500 ETF TRUST",
}


def error(request_id: int, code: int, text: str) -> Fields:
    """Return an error or notice; request_id is -1 when it concerns none."""
    return [4, 2, request_id, code, text, ""]


def market_data_preamble(request_id: int) -> list[Fields]:
    """Return what precedes the first tick: tick parameters and the live data type."""
    return [[81, request_id, TICK, "9c0001", 3], [58, 1, request_id, _LIVE_DATA]]


def tick_price(request_id: int, tick_type: int, price: Decimal, size: int) -> Fields:
    """Return a price with its size; -1 with size 0 means no data."""
    return [1, 6, request_id, tick_type, price, size, 1]


def tick_size(request_id: int, tick_type: int, size: int) -> Fields:
    """Return a size whose price did not change."""
    return [2, 6, request_id, tick_type, size]


def tick_option(request_id: int, volatility: float, model: OptionModel, spot: Decimal) -> Fields:
    """Return the model's price and Greeks."""
    greeks = (model.delta, model.price, 0.0, model.gamma, model.vega, model.theta)
    return [21, request_id, MODEL_OPTION, 0, volatility, *greeks, spot]


def order_status(order: Order) -> Fields:
    """Return an order's status."""
    return [
        3,
        order.order_id,
        order.status,
        order.filled,
        order.remaining,
        order.average_price,
        order.perm_id,
        order.ticket.parent_id,
        order.last_price,
        order.client_id,
        "",
        0.0,
    ]


def held_order(order: Order, opens_at: datetime) -> str:
    """Return the text of code 399 for an order that waits for the open."""
    ticket, opens = order.ticket, opens_at.astimezone(NEW_YORK)
    return (
        f"Order Message:\n{ticket.action} {ticket.quantity} {order.contract.symbol}\n"
        "Warning: your order will not be placed at the exchange until "
        f"{opens:%Y-%m-%d %H:%M:%S} {ZONE_NAME}"
    )


def commission_report(execution: Execution) -> Fields:
    """Return the fee of one leg's execution; an opening trade realizes nothing (unset)."""
    realized = UNSET_DOUBLE if execution.realized is None else execution.realized
    return [59, 1, execution.exec_id, execution.commission, "USD", realized, "", ""]


def account_value(tag: str, value: str | Decimal, currency: str, account_id: str) -> Fields:
    """Return one value of an account-updates subscription."""
    return [6, 2, tag, value, currency, account_id]


def account_time(at: datetime) -> Fields:
    """Return the time of the last account update, in New York."""
    return [8, 1, f"{at.astimezone(NEW_YORK):%H:%M}"]


def portfolio(position: Position, account_id: str, market: Market, at: datetime) -> Fields:
    """Return one position of an account-updates subscription, marked at the mid."""
    contract = position.contract
    price = mark_price(contract, market, at)
    value = position.quantity * contract.multiplier * price
    cost = position.quantity * position.average_cost
    # As short contracts, but with the primary exchange in place of the exchange's own position.
    fields = contract.short()
    fields[7] = contract.primary_exchange
    numbers: Fields = [price, value, position.average_cost, value - cost, 0.0]
    return [7, 8, *fields, position.quantity, *numbers, account_id]


def position_row(account: Account, position: Position) -> Fields:
    """Return one position; IBKR leaves an option's exchange empty here."""
    contract = position.contract
    fields = contract.short(contract.listing)
    return [61, 3, account.account_id, *fields, position.quantity, position.average_cost]


def contract_details(request_id: int, contract: Contract, market: Market, at: datetime) -> Fields:
    """Return the description of one contract.

    An option within a week of its expiry shows date, time and the zone of the Gateway's login
    instead of the bare date (here always New York, so the date does not roll).
    """
    is_option = contract.sec_type == "OPT"
    underlying = market.contracts.underlying
    return [
        10,
        request_id,
        contract.symbol,
        contract.sec_type,
        _last_trade(contract, market, at),
        contract.strike,
        contract.right,
        contract.exchange,
        contract.currency,
        contract.local_symbol,
        contract.trading_class,
        contract.trading_class,
        contract.con_id,
        TICK,
        contract.multiplier_text,
        _ORDER_TYPES,
        _OPTION_EXCHANGES if is_option else _STOCK_EXCHANGES,
        1,
        underlying.con_id if is_option else 0,
        _LONG_NAMES.get(contract.symbol, contract.symbol),
        contract.primary_exchange,
        contract.expiry[:6],
        "",
        "",
        "",
        ZONE_NAME,
        market.days.trading_hours(contract.sec_type, at),
        market.days.liquid_hours(contract.sec_type, at),
        "",
        "",
        0,
        2 if is_option else 1,
        contract.symbol if is_option else "",
        "STK" if is_option else "",
        _PENNY_RULE,
        contract.expiry,
        "" if is_option else _stock_type(contract),
        1,
        1,
        1,
    ]


def option_chain(request_id: int, exchange: str, market: Market, at: datetime) -> Fields:
    """Return the expiries ahead and the strikes of the underlying's options on one exchange."""
    table = market.contracts
    first = f"{market.days.at(at).session_date:%Y%m%d}"
    expiries = [expiry for expiry in table.expiries if expiry >= first]
    fields: Fields = [75, request_id, exchange, table.underlying.con_id, table.underlying.symbol]
    fields += ["100", len(expiries), *expiries, len(table.strikes), *table.strikes]
    return fields


def _last_trade(contract: Contract, market: Market, at: datetime) -> str:
    if contract.sec_type != "OPT":
        return ""
    ends_at = market.days.expires_at(contract.expiry_date)
    return contract.expiry if (ends_at - at).days >= _WEEK_DAYS else gateway_time(ends_at)


def _stock_type(contract: Contract) -> str:
    return "ETF" if contract.symbol in _LONG_NAMES else "COMMON"
