"""Daily loss limits: who reaches his opens nothing more, and closes where he wants it so."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from shared.domain.alerts import AlertType
from shared.domain.close_causes import CloseCause
from shared.domain.followers import Follower, FollowerId, OnBreach
from tests.afternoons import Afternoon, play
from tests.trading_worlds import new_york

ANNA, BERT = FollowerId("anna"), FollowerId("bert")


class Limited(Afternoon):
    """Anna's limit bars her, Bert's closes too, Carl has none."""

    def __init__(self, *names: str) -> None:
        super().__init__(*names, at=new_york(12, 0))
        self.spot("600")

    def follower(self, name: str) -> Follower:
        follower = super().follower(name)
        if name == "carl":
            return follower
        on_breach = OnBreach.CLOSE if name == "bert" else OnBreach.BAR
        return replace(follower, daily_loss_limit=Decimal(500), on_breach=on_breach)

    @property
    def barred(self) -> list[str]:
        return sorted(self.floor.barred)


def test_a_result_above_the_limit_bars_nobody() -> None:
    async def story(world: Limited) -> None:
        await world.start()
        # Sold for 0.95, now 1.60: 325 USD lost on five.
        world.show(590, "2.59", "2.61")
        world.show(585, "0.99", "1.01")
        await world.run_to(12, 5)
        assert world.barred == []
        assert world.pager.told == []

    play(lambda: Limited("anna"), story)


def test_whoever_reaches_it_is_barred_and_closed_where_he_wants_it_so() -> None:
    async def story(world: Limited) -> None:
        await world.start()
        world.show(590, "2.99", "3.01")
        world.show(585, "0.99", "1.01")
        await world.run_to(12, 2)
        assert world.barred == ["anna", "bert"]
        assert "-526.30" in world.floor.barred[ANNA]
        told = [alert for alert in world.pager.told if alert[0] is AlertType.DAILY_LOSS]
        assert told == [(AlertType.DAILY_LOSS, "anna"), (AlertType.DAILY_LOSS, "bert")]
        assert world.position("bert").is_flat
        assert world.closing("bert").close_cause is CloseCause.DAILY_LOSS
        assert world.position("anna").open_quantity == 5
        assert world.position("carl").open_quantity == 5

    play(lambda: Limited("anna", "bert", "carl"), story)


def test_a_bar_outlives_its_leader_and_a_better_market() -> None:
    async def story(world: Limited) -> None:
        await world.start()
        world.show(590, "2.99", "3.01")
        await world.run_to(12, 2)
        await world.die()
        world.show(590, "0.99", "1.01")
        world.make_brokers()
        await world.lead("two")
        assert world.barred == ["anna"]
        await world.run_to(12, 5)
        assert world.barred == ["anna"]

    play(lambda: Limited("anna"), story)


def test_quotes_that_are_old_bar_nobody() -> None:
    async def story(world: Limited) -> None:
        await world.start()
        await world.run_to(12, 1, 30)
        world.market.is_live = False
        world.show(590, "2.99", "3.01")
        world.show(585, None, "1.01")
        await world.run_to(12, 6)
        assert world.barred == []

    play(lambda: Limited("anna"), story)
