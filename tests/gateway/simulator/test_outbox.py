"""Whatever delays and reorders messages loses none of them and adds none."""

from collections import Counter
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.simulator.config import Json
from gateway.simulator.fault_board import FaultBoard
from gateway.simulator.fault_messages import KIND_OF_MESSAGE
from gateway.simulator.frames import GREETING, Field, FrameBuffer
from gateway.simulator.outbox import Outbox
from tests.gateway.simulator.conftest import OPEN_AT, ManualClock

LATE_KINDS = ["orderStatus", "openOrder", "execDetails", "commissionReport", "position"]
_MESSAGE_IDS = {name: message_id for message_id, name in KIND_OF_MESSAGE.items()}

counts = st.fixed_dictionaries({"nth": st.integers(1, 3), "times": st.integers(0, 4)})
kinds = st.lists(st.sampled_from(LATE_KINDS), min_size=1, unique=True)
seconds = st.integers(0, 5)
faults = st.one_of(
    st.builds(
        lambda kinds, seconds, counts: {
            "name": "delay-messages",
            "parameters": {"kinds": kinds, "seconds": seconds},
            **counts,
        },
        kinds,
        seconds,
        counts,
    ),
    st.builds(
        lambda kinds, seconds, behind, counts: {
            "name": "reorder-messages",
            "parameters": {"kinds": kinds, "seconds": seconds, "behind": behind},
            **counts,
        },
        kinds,
        seconds,
        st.integers(0, 4),
        counts,
    ),
    st.builds(
        lambda seconds, counts: {
            "name": "slow-acks",
            "parameters": {"seconds": seconds},
            **counts,
        },
        seconds,
        counts,
    ),
    st.builds(
        lambda seconds: {"name": "1100-connectivity-lost", "parameters": {"seconds": seconds + 1}},
        seconds,
    ),
)
steps = st.lists(st.one_of(st.sampled_from(LATE_KINDS), st.integers(1, 3)), max_size=30)


class Wire:
    """What an outbox wrote, as the orders or executions it told of."""

    def __init__(self) -> None:
        self._frames = FrameBuffer()
        self._frames.feed(GREETING)
        self.told: list[str] = []

    def write(self, data: bytes) -> None:
        self.told += self._frames.feed(data)


def a_message(kind: str, number: int) -> list[Field]:
    return [_MESSAGE_IDS[kind], number, number, "Submitted"]


@settings(deadline=None)
@given(st.lists(faults, max_size=4), steps)
def test_delayed_and_reordered_messages_all_arrive_once(
    armed: list[dict[str, Json]], script: list[str | int]
) -> None:
    clock, wire = ManualClock(OPEN_AT), Wire()
    board = FaultBoard(seed=7, clock=clock, login_ids=("one",), wake=lambda: None)
    outbox = Outbox(board, "one", wire.write)
    for document in armed:
        board.arm(document)
    sent: list[str] = []
    for number, step in enumerate(script):
        if isinstance(step, int):
            clock.move_to(clock.now() + timedelta(seconds=step))
            board.step(clock.now())
            outbox.resume()
        else:
            row = a_message(step, number)
            outbox.send([row])
            sent.append("".join(f"{field}\0" for field in row))
    clock.move_to(clock.now() + timedelta(seconds=60))
    board.step(clock.now())
    outbox.resume()
    assert Counter(wire.told) == Counter(sent)


@settings(deadline=None)
@given(steps)
def test_without_faults_messages_go_straight_through(script: list[str | int]) -> None:
    wire = Wire()
    board = FaultBoard(seed=7, clock=ManualClock(OPEN_AT), login_ids=("one",), wake=lambda: None)
    outbox = Outbox(board, "one", wire.write)
    rows = [a_message(kind, n) for n, kind in enumerate(script) if isinstance(kind, str)]
    for row in rows:
        outbox.send([row])
    assert [text.split("\0")[1] for text in wire.told] == [str(row[1]) for row in rows]
