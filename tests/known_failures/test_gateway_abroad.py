"""A known failure of Gateways in another time zone: options that expire soon get the next day.

Within a week of expiry the Gateway tells the last trading instant in its own zone. East of New
York that is the day after; a client that sends it back is refused (478).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from gateway.broker.ibkr_broker import IbkrBroker
from shared.domain.followers import Login, LoginId
from shared.ports.broker import ExerciseRequest
from tests.contract.broker_stories import ACCOUNT, CONTRACTS, LEGS, an_order
from tests.contract.venues import CLIENT_ID, SimulatorVenue
from tests.known_failures.login_stories import LOGIN_ID, orders_at, tell
from tests.known_failures.relay import relaying

CONTRACT_DETAILS = "10"
LAST_TRADE = 4
IN_TOKYO = "20261128 03:00:00 Asia/Tokyo"


def from_tokyo(fields: list[str]) -> list[str]:
    """What a Gateway in Tokyo says of an option that expires at 13:00 New York."""
    if fields[0] == CONTRACT_DETAILS and fields[LAST_TRADE]:
        assert fields[LAST_TRADE].startswith("20261127 ")
        return [*fields[:LAST_TRADE], IN_TOKYO, *fields[LAST_TRADE + 1 :]]
    return fields


def test_a_date_that_the_gateways_time_zone_moved_is_never_sent_back(tmp_path: Path) -> None:
    async def story(venue: SimulatorVenue) -> None:
        async with relaying(venue.simulator.ports[LOGIN_ID], from_tokyo) as relay:
            login = Login(
                login_id=LoginId(LOGIN_ID),
                host="127.0.0.1",
                port=relay.port,
                client_id=CLIENT_ID + 1,
            )
            broker = IbkrBroker(login, now=venue.clock.now)
            await broker.connect()
            assert await broker.resolve("QQQ", CONTRACTS) == ()
            await broker.watch("QQQ", CONTRACTS)
            combo = an_order(broker, client_id=CLIENT_ID + 1)
            broker.place(combo)
            single = replace(
                an_order(broker, "0.10", ref="SINGLE", client_id=CLIENT_ID + 1), legs=LEGS[:1]
            )
            broker.place(single)
            broker.exercise(ExerciseRequest(account_id=ACCOUNT, contract=CONTRACTS[0], quantity=1))
            swept = await broker.sweep()
            assert {one.order_ref for one in swept.open_orders} == {"SP-ONE", "SINGLE"}
            assert len(orders_at(venue)) == 2
            await broker.disconnect()
            assert b"20261128" not in relay.heard
            assert b"20261127" in relay.heard

    tell(tmp_path, story)
