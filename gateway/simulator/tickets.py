"""Order tickets: what a client asks for in one placeOrder message."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from gateway.simulator.frames import FieldReader
from gateway.simulator.hours import NEW_YORK
from gateway.simulator.queries import ContractQuery, read_contract, read_legs

# Counted from the fields of placeOrder that the simulator has no use for.
_FIELDS_SHORT_SALE_TO_VOLATILITY_TYPE = 21
_FIELDS_OF_DELTA_NEUTRAL = 8
_FIELDS_OF_SCALE = 7
_LEG_EXTRAS = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class Ticket:
    """What a client asks for in one placeOrder. Prices are net USD per share of the BOUGHT combo.

    ``limit_price`` is None for a market order. ``unsupported`` names a feature that was asked for
    and is not simulated; empty if there is none.
    """

    action: str
    quantity: Decimal
    order_type: str
    limit_price: Decimal | None
    aux_price: Decimal | None
    tif: str
    oca_group: str
    account: str
    open_close: str
    origin: int
    order_ref: str
    transmit: bool
    parent_id: int
    outside_rth: bool
    hidden: bool
    smart_parameters: tuple[tuple[str, str], ...] = ()
    good_till_date: str = ""
    what_if: bool = False
    unsupported: str = ""

    @property
    def sign(self) -> int:
        """Return +1 to buy, -1 to sell."""
        return 1 if self.action == "BUY" else -1

    @property
    def worked_limit(self) -> Decimal | None:
        """Return the price that binds: none for a market order, whatever its price field."""
        return self.limit_price if self.order_type == "LMT" else None


def read_place_order(reader: FieldReader, server_version: int) -> tuple[int, ContractQuery, Ticket]:
    """Read placeOrder up to its whatIf field: order id, contract and ticket.

    Raises:
        ValueError, IndexError: A field is of the wrong kind or missing.
    """
    order_id = reader.whole()
    query = read_contract(reader)
    reader.skip(2)
    ticket = _read_basics(reader)
    smart: tuple[tuple[str, str], ...] = ()
    if query.sec_type == "BAG":
        legs = read_legs(reader, extra_fields=_LEG_EXTRAS)
        query = replace(query, legs=legs)
        reader.skip(reader.whole())
        smart = tuple((reader.text(), reader.text()) for _ in range(reader.whole()))
    reader.skip(2)
    good_after_time, good_till_date, fa_group = reader.text(), reader.text(), reader.text()
    reader.skip(2 + (server_version < 177) + 1)
    algorithm, what_if = _skip_to_what_if(reader)
    asked = {
        "OCA group": ticket.oca_group,
        "parent order": ticket.parent_id,
        "good after time": good_after_time,
        "allocation group": fa_group,
        "algorithm": algorithm,
    }
    ticket = replace(
        ticket,
        smart_parameters=smart,
        good_till_date=good_till_date,
        what_if=what_if,
        unsupported=next((name for name, value in asked.items() if value), ""),
    )
    return order_id, query, ticket


def good_till(text: str) -> datetime:
    """Return the instant of a good-till date.

    It is ``YYYYMMDD HH:MM:SS`` with a zone name (New York if none is given), or, in UTC,
    ``YYYYMMDD-HH:MM:SS``. Source: IBKR's message on time formats (code 2174).

    Raises:
        ValueError: The text is none of these.
    """
    if text[8:9] == "-":
        return datetime.strptime(f"{text} +0000", "%Y%m%d-%H:%M:%S %z").astimezone(UTC)
    stamp, zone_name = text[:17], text[17:].strip()
    try:
        zone = ZoneInfo(zone_name) if zone_name else NEW_YORK
    except LookupError as error:
        raise ValueError(f"{zone_name!r} is not a time zone") from error
    naive = datetime.strptime(f"{stamp} +0000", "%Y%m%d %H:%M:%S %z")
    return naive.replace(tzinfo=zone).astimezone(UTC)


def _read_basics(reader: FieldReader) -> Ticket:
    action, quantity = reader.text(), reader.number() or Decimal(0)
    order_type, limit_price, aux_price = reader.text(), reader.number(), reader.number()
    tif, oca_group, account = reader.text() or "DAY", reader.text(), reader.text()
    open_close, origin, order_ref = reader.text(), reader.whole(), reader.text()
    transmit, parent_id = reader.flag(), reader.whole()
    reader.skip(4)
    return Ticket(
        action=action,
        quantity=quantity,
        order_type=order_type,
        limit_price=limit_price,
        aux_price=aux_price,
        tif=tif,
        oca_group=oca_group,
        account=account,
        open_close=open_close,
        origin=origin,
        order_ref=order_ref,
        transmit=transmit,
        parent_id=parent_id,
        outside_rth=reader.flag(),
        hidden=reader.flag(),
    )


def _skip_to_what_if(reader: FieldReader) -> tuple[str, bool]:
    """Pass over shortSaleSlot and all that follows; the optional blocks announce themselves.

    Returns:
        The algorithm's name, empty if none, and the whatIf field.
    """
    reader.skip(_FIELDS_SHORT_SALE_TO_VOLATILITY_TYPE)
    delta_neutral_order_type = reader.text()
    reader.skip(1 + (_FIELDS_OF_DELTA_NEUTRAL if delta_neutral_order_type else 0))
    reader.skip(6)
    scale_increment = reader.number()
    reader.skip(_FIELDS_OF_SCALE if scale_increment and scale_increment > 0 else 0)
    reader.skip(3)
    hedge_type = reader.text()
    reader.skip((1 if hedge_type else 0) + 4)
    has_delta_neutral_contract = reader.flag()
    reader.skip(3 if has_delta_neutral_contract else 0)
    algorithm = reader.text()
    if algorithm:  # its counted parameters
        reader.skip(2 * reader.whole())
    reader.skip(1)
    return algorithm, reader.flag()
