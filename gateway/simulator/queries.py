"""Contracts as clients name them: any field may be empty."""

from dataclasses import dataclass
from decimal import Decimal

from gateway.simulator.frames import FieldReader


@dataclass(frozen=True, kw_only=True, slots=True)
class QueriedLeg:
    """A combo leg as a client names it."""

    con_id: int
    ratio: int
    action: str
    exchange: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ContractQuery:
    """A contract as a client names it: any field may be empty."""

    con_id: int
    symbol: str
    sec_type: str
    expiry: str
    strike: Decimal | None
    right: str
    exchange: str
    local_symbol: str
    legs: tuple[QueriedLeg, ...] = ()


def read_contract(reader: FieldReader) -> ContractQuery:
    """Read the 12 fields of a contract in client messages."""
    con_id, symbol, sec_type, expiry = reader.whole(), reader.text(), reader.text(), reader.text()
    strike, right = reader.number(), reader.text()
    reader.skip(1)
    exchange = reader.text()
    reader.skip(2)
    local_symbol = reader.text()
    reader.skip(1)
    return ContractQuery(
        con_id=con_id,
        symbol=symbol,
        sec_type=sec_type,
        expiry=expiry.split(" ")[0].replace("-", ""),
        strike=strike or None,
        right=right[:1].upper().replace("?", ""),
        exchange=exchange or "SMART",
        local_symbol=local_symbol,
    )


def read_legs(reader: FieldReader, extra_fields: int) -> tuple[QueriedLeg, ...]:
    """Read counted combo legs, each followed by fields that the simulator does not use."""
    legs: list[QueriedLeg] = []
    for _ in range(reader.whole()):
        leg = QueriedLeg(
            con_id=reader.whole(),
            ratio=reader.whole(),
            action=reader.text(),
            exchange=reader.text(),
        )
        reader.skip(extra_fields)
        legs.append(leg)
    return tuple(legs)
