"""Finding, starting and ending the emulators, and children that die with their parent."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from tests.sandbox.emulators import (
    EmulatorError,
    firestore_emulator,
    firestore_jar,
    java_command,
    pubsub_emulator,
    pubsub_jar,
    sdk_roots,
)
from tests.sandbox.processes import free_port, start_child

_ROOT = Path(__file__).parents[2]
_NOWHERE = {"PATH": "", "HOME": "/nonexistent"}


def _script(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def test_the_sdk_around_gcloud_is_found_through_links(tmp_path: Path) -> None:
    gcloud = _script(tmp_path / "sdk/bin/gcloud", "true")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/gcloud").symlink_to(gcloud)
    roots = sdk_roots({"PATH": str(tmp_path / "bin"), "HOME": "/home/me"})
    assert roots[0] == tmp_path / "sdk"
    assert roots[-1] == Path("/home/me/google-cloud-sdk")


def test_a_named_sdk_comes_first(tmp_path: Path) -> None:
    jar = tmp_path / "platform/cloud-firestore-emulator/cloud-firestore-emulator.jar"
    jar.parent.mkdir(parents=True)
    jar.touch()
    assert firestore_jar({**_NOWHERE, "CLOUDSDK_ROOT_DIR": str(tmp_path)}) == jar


def test_firebases_download_is_found(tmp_path: Path) -> None:
    below = "pubsub-emulator-0.8.14/pubsub-emulator/lib/cloud-pubsub-emulator-0.8.14-all.jar"
    jar = tmp_path / ".cache/firebase/emulators" / below
    jar.parent.mkdir(parents=True)
    jar.touch()
    found = pubsub_jar({"PATH": "", "HOME": str(tmp_path)})
    assert found == jar or found.is_relative_to("/usr")


@pytest.mark.parametrize(
    ("says", "message"),
    [("echo 'openjdk version \"11.0.2\"' >&2", "not Java 17 or newer"), ("exit 1", "Java 17")],
)
def test_an_old_java_is_one_clear_line(tmp_path: Path, says: str, message: str) -> None:
    _script(tmp_path / "java", says)
    with pytest.raises(EmulatorError, match=message) as raised:
        asyncio.run(java_command({"PATH": str(tmp_path)}))
    assert "\n" not in str(raised.value)


def test_a_missing_java_is_one_clear_line() -> None:
    with pytest.raises(EmulatorError, match="no java on PATH: install Java 17"):
        asyncio.run(java_command(_NOWHERE))


def test_an_emulator_that_does_not_start_shows_the_end_of_its_log(tmp_path: Path) -> None:
    async def story() -> None:
        async with firestore_emulator(tmp_path, arguments=["--port=abc"]):
            pass

    with pytest.raises(EmulatorError, match=r"exited with \d+; the end of [^\n]*\n(?s:.*)"):
        asyncio.run(story())


def test_an_emulator_is_gone_after_use(tmp_path: Path) -> None:
    async def story() -> None:
        port = free_port()
        async with pubsub_emulator(tmp_path, port=port) as address:
            assert address == f"127.0.0.1:{port}"
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            await writer.wait_closed()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)

    asyncio.run(story())


def test_both_emulators_serve(firestore_address: str, pubsub_address: str) -> None:
    assert firestore_address != pubsub_address


def test_children_and_grandchildren_die_with_a_killed_parent(tmp_path: Path) -> None:
    _script(tmp_path / "child", f"sleep 300 & echo $! $$ > {tmp_path}/pids; wait")
    parent = (
        "import asyncio, pathlib, sys\n"
        "from tests.sandbox.processes import start_child\n"
        "async def main():\n"
        "    await start_child([sys.argv[1]], log_path=pathlib.Path(sys.argv[2]))\n"
        "    await asyncio.sleep(300)\n"
        "asyncio.run(main())\n"
    )

    async def story() -> None:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", parent, tmp_path / "child", tmp_path / "log", cwd=_ROOT
        )
        pids = await _pids(tmp_path / "pids")
        process.send_signal(signal.SIGKILL)
        await process.wait()
        for pid in pids:
            await _gone(pid)

    asyncio.run(story())


@pytest.mark.parametrize(("command", "status"), [("exit 7", 7), ("kill -9 $$", 137), ("true", 0)])
def test_a_childs_exit_status_is_its_own(tmp_path: Path, command: str, status: int) -> None:
    async def story() -> int:
        child = await start_child(["sh", "-c", f"echo out; {command}"], log_path=tmp_path / "log")
        return await child.wait()

    assert asyncio.run(story()) == status
    assert (tmp_path / "log").read_text() == "out\n"


def test_a_child_may_end_by_itself_when_asked(tmp_path: Path) -> None:
    async def story() -> int | None:
        script = f"trap 'echo bye; exit 3' TERM; echo $$ $$ > {tmp_path}/pids; sleep 300 & wait"
        child = await start_child(["sh", "-c", script], log_path=tmp_path / "log")
        await _pids(tmp_path / "pids")
        await child.stop(grace_seconds=10)
        return child.process.returncode

    assert asyncio.run(story()) == 3
    assert (tmp_path / "log").read_text() == "bye\n"


async def _pids(path: Path) -> list[int]:
    """Wait for a line of process ids."""
    for _ in range(1_000):
        text = _text(path)
        if text.endswith("\n"):
            return [int(pid) for pid in text.split()]
        await asyncio.sleep(0.01)
    raise TimeoutError


async def _gone(pid: int) -> None:
    """Wait until a process is dead: gone, or a zombie that nobody has buried."""
    for _ in range(1_000):
        if not _is_alive(pid):
            return
        await asyncio.sleep(0.01)
    raise TimeoutError


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "State:\tZ" not in _text(Path(f"/proc/{pid}/status"))


def _text(path: Path) -> str:
    return path.read_text() if path.exists() else ""
