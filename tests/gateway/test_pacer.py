"""The pace of a connection: never too many messages in a second, the urgent first."""

from __future__ import annotations

import asyncio
from functools import partial
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from gateway.logins.pacer import Pacer, Urgency
from tests.fakes.async_clock import monotonic, run_jumping


def most_in_a_second(sent_at: list[float]) -> int:
    return max(sum(1 for at in sent_at if start <= at < start + 1.0) for start in sent_at)


def test_what_has_room_goes_at_once_and_the_rest_in_its_turn() -> None:
    async def story() -> None:
        pacer, sent_at = Pacer(), list[float]()
        taken = [pacer.take() for _ in range(50)]
        assert taken == [True] * 45 + [False] * 5
        pacer.queue(Urgency.OPEN, lambda: sent_at.append(monotonic()))
        assert pacer.is_holding_back
        await asyncio.sleep(1.0)
        assert sent_at == []
        await asyncio.sleep(0.1)
        assert len(sent_at) == 1
        assert not pacer.is_holding_back

    run_jumping(story())


def test_the_urgent_go_first_and_equals_in_the_order_they_came() -> None:
    async def story() -> None:
        pacer, sent = Pacer(most=1), list[str]()
        assert pacer.take()
        for name, urgency in [
            ("sweep", Urgency.REQUEST),
            ("rung", Urgency.RUNG),
            ("open 1", Urgency.OPEN),
            ("open 2", Urgency.OPEN),
            ("close", Urgency.CLOSE),
            ("cancel", Urgency.CANCEL),
        ]:
            pacer.queue(urgency, partial(sent.append, name))
        await asyncio.sleep(20)
        assert sent == ["cancel", "close", "open 1", "open 2", "rung", "sweep"]

    run_jumping(story())


def test_what_is_not_wanted_any_more_gives_its_turn_to_the_next() -> None:
    async def story() -> None:
        pacer, sent = Pacer(most=1), list[str]()
        assert pacer.take()
        pacer.queue(Urgency.CANCEL, lambda: sent.append("gone"), lambda: False)
        pacer.queue(Urgency.OPEN, lambda: sent.append("here"))
        await asyncio.sleep(1.06)
        assert sent == ["here"]

    run_jumping(story())


def test_who_gave_up_waiting_for_a_turn_takes_none() -> None:
    async def story() -> None:
        pacer = Pacer(most=1)
        assert pacer.take()
        waiting = asyncio.create_task(pacer.turn(Urgency.REQUEST))
        other = asyncio.create_task(pacer.turn(Urgency.REQUEST))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.sleep(1.06)
        assert other.done()

    run_jumping(story())


def test_a_message_that_fails_keeps_nobody_else_from_his_turn() -> None:
    async def story() -> None:
        pacer, sent = Pacer(most=1), list[str]()
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)

        def fail() -> None:
            raise RuntimeError("no")

        assert pacer.take()
        pacer.queue(Urgency.CANCEL, fail)
        pacer.queue(Urgency.OPEN, lambda: sent.append("here"))
        await asyncio.sleep(5)
        assert sent == ["here"]

    run_jumping(story())


def test_what_went_out_by_itself_counts() -> None:
    async def story() -> None:
        pacer = Pacer()
        pacer.note(60)
        assert not pacer.take()
        await asyncio.sleep(1.06)
        assert pacer.take()

    run_jumping(story())


@given(st.lists(st.tuples(st.sampled_from(Urgency), st.integers(0, 400)), max_size=200))
def test_no_window_of_a_second_ever_holds_more_than_it_may(
    asked: list[tuple[Urgency, int]],
) -> None:
    async def story() -> None:
        pacer, sent_at = Pacer(), [-10.0]
        for urgency, pause_ms in asked:
            if pacer.take():
                sent_at.append(monotonic())
            else:
                pacer.queue(urgency, lambda: sent_at.append(monotonic()))
            await asyncio.sleep(pause_ms / 10_000)
        await asyncio.sleep(30)
        assert len(sent_at) == len(asked) + 1
        assert all(one <= other for one, other in pairwise(sent_at))
        assert most_in_a_second(sent_at) <= 45

    run_jumping(story())
