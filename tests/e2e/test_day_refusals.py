"""A day that can not be run, or is ended in its middle: one clear word, and nothing is left."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from pathlib import Path

import pytest

from tests.e2e.days import Sandbox, sandbox, until

# A day that lasts far longer than any of these tests.
_SLOW = ("--pace", "2")
_HEADER = "at,symbol,expiry,strike,right,bid,ask,bid_size,ask_size\n"


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


async def _nothing_is_left(running: Sandbox) -> None:
    await running.all_gone()
    # A process that ends shows no environment any more a moment before its sockets are closed.
    ports = running.ports()
    await until(lambda: all(map(_is_free, ports)))


def test_a_second_sandbox_is_refused_and_ctrl_c_ends_the_first(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = tmp_path_factory.mktemp("other")

    async def story() -> None:
        async with sandbox(tmp_path, *_SLOW) as first:
            await first.up()
            assert len(first.processes()) > 10
            async with sandbox(other) as second:
                status, output = await second.ended()
            assert status == 3
            words = "a sandbox of this checkout is up already: end it with Ctrl-C where it runs\n"
            assert output == words
            first.process.send_signal(signal.SIGINT)
            status, output = await first.ended()
            assert status == 3
            assert output.splitlines()[-1] == "stopped"
            assert "Traceback" not in output
            await _nothing_is_left(first)

    asyncio.run(story())


def test_ctrl_c_while_it_starts_leaves_nothing(tmp_path: Path) -> None:
    async def story() -> None:
        async with sandbox(tmp_path) as running:
            await running.says("Starting the sandbox")
            await until(lambda: any("java" in line for line in running.processes().values()))
            running.process.send_signal(signal.SIGINT)
            status, output = await running.ended()
            assert status == 3
            assert output.splitlines()[-1] == "stopped"
            assert "Traceback" not in output
            await running.all_gone()

    asyncio.run(story())


def test_a_killed_sandbox_takes_everything_along(tmp_path: Path) -> None:
    async def story() -> None:
        async with sandbox(tmp_path, *_SLOW) as running:
            await running.up()
            running.process.kill()
            status, _ = await running.ended()
            assert status == -signal.SIGKILL
            await _nothing_is_left(running)

    asyncio.run(story())


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("-m gateway", "gateway died with status 137; its last words:\n{"),
        ("firestore.CloudFirestore", "firestore-emulator no longer answers on port "),
    ],
)
def test_a_process_that_dies_in_mid_day_is_named_with_its_last_words(
    tmp_path: Path, words: str, says: str
) -> None:
    async def story() -> None:
        async with sandbox(tmp_path, *_SLOW) as running:
            await running.up()
            os.kill(running.pid_of(words), signal.SIGKILL)
            status, output = await running.ended()
            assert status == 3
            assert says in output
            assert "Traceback" not in output.partition(says)[0]
            await _nothing_is_left(running)

    asyncio.run(story())


def test_without_java_it_says_what_to_install(tmp_path: Path) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("sh", "cat"):
        (tools / name).symlink_to(f"/bin/{name}")

    async def story() -> None:
        bare = {"PATH": str(tools), "HOME": os.environ["HOME"]}
        async with sandbox(tmp_path, environment=bare) as running:
            status, output = await running.ended()
            assert status == 3
            *_, line = output.splitlines()
            assert line == "no java on PATH: install Java 17 or newer (openjdk-17-jre-headless)"
            assert "Traceback" not in output
            await running.all_gone()

    asyncio.run(story())


def test_quotes_that_cannot_be_used_are_named_with_line_and_column(tmp_path: Path) -> None:
    quotes = tmp_path / "quotes.csv"
    quotes.write_text(_HEADER + "2026-11-23T14:30:00Z,QQQ,,,,x,600,1,1\n")

    async def story() -> None:
        async with sandbox(tmp_path, "--quotes", str(quotes)) as running:
            status, output = await running.ended()
            assert status == 3
            assert f"{quotes}, line 2, column bid: 'x' cannot be read; write a decimal" in output
            assert "Traceback" not in output
            await running.all_gone()

    asyncio.run(story())


def test_a_file_that_is_missing_is_one_line_and_starts_nothing(tmp_path: Path) -> None:
    async def story() -> None:
        async with sandbox(tmp_path, "--signal", "nowhere.csv") as running:
            status, output = await running.ended()
            assert status == 2
            assert output.splitlines()[-1] == (
                "make day: error: --signal: there is no file nowhere.csv"
            )

    asyncio.run(story())
