"""A port that somebody takes between its choice and its use ends the start, by name."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from shared.domain.sessions import at_new_york
from tests.sandbox import stack
from tests.sandbox.addresses import choose_addresses
from tests.sandbox.blueprint import read_blueprint
from tests.sandbox.cast import make_cast
from tests.sandbox.options import read_options


def test_a_taken_port_names_the_process_that_wanted_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = read_options([])
    free = choose_addresses(read_blueprint())

    async def story(port: int) -> None:
        addresses = replace(free, stand_ins={**free.stand_ins, "sheets": port})
        monkeypatch.setattr(stack, "choose_addresses", lambda _: addresses)
        start_at = at_new_york(options.session.session_date, "08:59")
        async with stack.running_stack(tmp_path, options, make_cast(options), start_at=start_at):
            pytest.fail("it is up although the port was taken")

    with (
        socket.create_server(("127.0.0.1", 0)) as stranger,
        pytest.raises(stack.StackError) as raised,
    ):
        asyncio.run(story(stranger.getsockname()[1]))
    first, last_words = str(raised.value).split("\n", 1)
    assert first == "world did not start:"
    assert "Address already in use" in last_words
