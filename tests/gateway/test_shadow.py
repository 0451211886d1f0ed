"""Shadow and dry run: everything is planned and priced, and nothing is sent."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest

from gateway.logins.shard_logins import ShardLogins
from gateway.logins.write_gate import WriteGate, WriteRules
from gateway.shadow import Shadow
from shared.adapters.firestore.followers import AsyncFirestoreFollowers
from shared.adapters.firestore.sessions import AsyncFirestoreSessions
from shared.adapters.firestore.settings_book import AsyncFirestoreSettings
from shared.adapters.firestore.signals import AsyncFirestoreSignals
from shared.domain.alerts import AlertType
from shared.domain.controls import TradingMode
from shared.domain.followers import Login
from shared.domain.orders import OrderState
from shared.domain.sessions import Session, SessionDate
from tests.builders import SESSION_DATE
from tests.contract.venues import CLOSE_AT, OPEN_AT
from tests.fakes.async_clock import calm, run_jumping
from tests.fakes.broker import FakeBroker
from tests.trading_worlds import World, new_york

SESSION = Session(session_date=SessionDate(SESSION_DATE), open_at=OPEN_AT, close_at=CLOSE_AT)
NOTHING = WriteRules(lease_stands=lambda: False, mode=lambda: TradingMode.FROZEN)


def told(text: str, event: str) -> list[dict[str, object]]:
    lines = [json.loads(line) for line in text.splitlines()]
    return [line for line in lines if line["event"] == event]


class Shadowed:
    """A world whose session is shadowed, and perhaps led as well."""

    def __init__(self, *names: str) -> None:
        self.world = World(*names)
        self.connected: list[FakeBroker] = []
        documents = self.world.documents
        self.shadow = Shadow(
            SESSION,
            clock=self.world.clock,
            logins=ShardLogins(
                AsyncFirestoreFollowers(documents),
                AsyncFirestoreSessions(documents),
                shard=0,
                alert=self._alert,
            ),
            signals=AsyncFirestoreSignals(documents),
            followers=AsyncFirestoreFollowers(documents),
            controls=AsyncFirestoreSettings(documents),
            connect=self._connect,
        )

    async def _alert(self, alert_type: AlertType, subject: str, message: str) -> None:
        pytest.fail(f"{alert_type} {subject} {message}")

    def _connect(self, login: Login) -> WriteGate:
        name = login.login_id.removeprefix("login-")
        broker = FakeBroker(
            login.login_id,
            [f"DU-{name}"],
            self.world.market,
            now=self.world.clock.now,
            book=self.world.books[name],
        )
        broker.reachable = name != "anna"
        self.connected.append(broker)
        return WriteGate(broker, NOTHING)


def test_a_shadow_tells_each_followers_plan_and_first_limit_and_writes_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def story() -> None:
        shadowed = Shadowed("anna", "bert")
        world = shadowed.world
        before = await world.stored()
        running = asyncio.create_task(shadowed.shadow.run())
        await world.clock.run_to(new_york(9, 46))
        await running
        assert await world.stored() == before
        assert [broker.login_id for broker in shadowed.connected] == ["login-anna", "login-bert"]
        assert not any(broker.is_connected for broker in shadowed.connected)
        assert world.books["anna"].sent == world.books["bert"].sent == []

    run_jumping(story())
    out = capsys.readouterr().out
    plans, releases = told(out, "shadow_plan"), told(out, "shadow_release")
    assert [(line["follower"], line["quantity"]) for line in plans] == [("anna", 5), ("bert", 5)]
    assert [(line["follower"], line["limit"]) for line in releases] == [
        ("anna", "-0.98"),
        ("bert", "-0.98"),
    ]


def test_a_shadow_beside_a_live_gateway_changes_nothing_of_what_that_does() -> None:
    async def story() -> None:
        alone = World("bert")
        await alone.lead()
        await alone.run_to(9, 31, 30)
        shadowed = Shadowed("bert")
        running = asyncio.create_task(shadowed.shadow.run())
        await shadowed.world.lead()
        await shadowed.world.run_to(9, 31, 30)
        assert shadowed.world.sent("bert") == alone.sent("bert") != []
        mine, other = shadowed.world.order("bert"), alone.order("bert")
        assert replace(mine, fencing_token=None) == replace(other, fencing_token=None)
        running.cancel()

    run_jumping(story())


class DryWorld(World):
    """A world whose gateway runs dry."""

    is_dry_run = True


def test_a_dry_run_does_everything_but_send(capsys: pytest.CaptureFixture[str]) -> None:
    async def story() -> None:
        world = DryWorld("anna")
        await world.lead()
        await world.run_to(9, 30, 20)
        await calm()
        assert world.sent("anna") == []
        assert len(world.brokers["anna"].what_ifs) == 1
        assert world.order("anna").state is OrderState.RELEASING
        await world.run_to(9, 46)
        assert world.sent("anna") == []
        assert world.brokers["anna"].canceled == []
        assert world.order("anna").state is OrderState.SKIPPED

    run_jumping(story())
    sends = told(capsys.readouterr().out, "would_send")
    assert sends
    assert "limit=Decimal('-0.98')" in str(sends[0]["write"])
    assert "DU-anna" in str(sends[0]["write"])
