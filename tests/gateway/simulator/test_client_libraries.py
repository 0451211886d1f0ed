"""Both client libraries, unmodified, walk through the simulator, each in its own environment."""

from __future__ import annotations

import asyncio
from asyncio.subprocess import PIPE, STDOUT

import ib_insync
import pytest

from tests.walkthrough.__main__ import walk_through
from tests.walkthrough.environment import LIBRARIES, ROOT, python_of
from tests.walkthrough.steps import STEPS, connect
from tests.walkthrough.walk import Walk

_WALK_SECONDS = 120


@pytest.mark.parametrize("library", LIBRARIES)
def test_the_library_takes_every_step(library: str) -> None:
    async def story() -> None:
        process = await asyncio.create_subprocess_exec(
            await python_of(library),
            "-m",
            "tests.walkthrough",
            library,
            cwd=ROOT,
            stdout=PIPE,
            stderr=STDOUT,
        )
        said, _ = await asyncio.wait_for(process.communicate(), _WALK_SECONDS)
        first, *_, last = said.decode().splitlines()
        assert last == f"{len(STEPS)} steps passed", said.decode()
        assert first.startswith(f"{library} ")
        assert f"server version {LIBRARIES[library]}" in said.decode()
        assert process.returncode == 0

    asyncio.run(story())


def test_a_step_that_fails_is_named_and_ends_the_walk(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def short_of_something(walk: Walk) -> str:
        assert walk.ib.managedAccounts() == []
        return "never said"

    with pytest.raises(AssertionError):
        asyncio.run(walk_through(ib_insync, [connect, short_of_something, connect]))
    _, *steps = capsys.readouterr().out.splitlines()
    assert steps == ["  connect: server version 176", "FAILED at: short of something"]
