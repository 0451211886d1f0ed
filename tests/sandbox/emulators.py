"""The Firestore and Pub/Sub emulators of the Google Cloud SDK, started on free loopback ports.

Both are Java programs. They are found wherever a Cloud SDK usually lies, or in the cache of
firebase-tools, and answer `GET /` with 200 once they serve. JVM flags, measured on two cores: the
serial collector brings the Firestore emulator up in 1.4 s instead of 2.2; without the optimizing
compiler the first claims and updates of 300 followers take 1.6 s instead of 2.2, later ones 0.7 s
instead of 0.6.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.sandbox.processes import Child, free_port, start_child

_FIRESTORE_MAIN = "com.google.cloud.datastore.emulator.firestore.CloudFirestore"
_JVM_FLAGS = ("-XX:+UseSerialGC", "-Xshare:auto", "-XX:TieredStopAtLevel=1", "-Xmx512m")
_LEAST_JAVA = 17
_JAVA_SECONDS = 30.0
_START_SECONDS = 60.0
_POLL_SECONDS = 0.02
_ANSWER_SECONDS = 1.0


class EmulatorError(Exception):
    """An emulator is not installed, or did not come up; the message says what to do."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Jar:
    """Where one emulator's jar may lie, as glob patterns below an SDK or the firebase cache."""

    name: str
    component: str
    sdk_pattern: str
    firebase_pattern: str


_FIRESTORE = _Jar(
    name="Firestore",
    component="cloud-firestore-emulator",
    sdk_pattern="platform/cloud-firestore-emulator/cloud-firestore-emulator.jar",
    firebase_pattern="cloud-firestore-emulator-v*.jar",
)
_PUBSUB = _Jar(
    name="Pub/Sub",
    component="pubsub-emulator",
    sdk_pattern="platform/pubsub-emulator/lib/cloud-pubsub-emulator-*-all.jar",
    firebase_pattern="pubsub-emulator-*/pubsub-emulator/lib/cloud-pubsub-emulator-*-all.jar",
)


def sdk_roots(environment: Mapping[str, str]) -> tuple[Path, ...]:
    """Return the folders in which a Cloud SDK may be installed, the likeliest first.

    Args:
        environment: PATH, HOME and CLOUDSDK_ROOT_DIR are read from it.
    """
    named = environment.get("CLOUDSDK_ROOT_DIR")
    gcloud = shutil.which("gcloud", path=environment.get("PATH", ""))
    home = Path(environment.get("HOME", "/"))
    roots = [
        *([Path(named)] if named else []),
        *([Path(gcloud).resolve().parent.parent] if gcloud else []),
        Path("/usr/lib/google-cloud-sdk"),
        Path("/usr/share/google-cloud-sdk"),
        Path("/opt/homebrew/share/google-cloud-sdk"),
        home / "google-cloud-sdk",
    ]
    return tuple(dict.fromkeys(roots))


def firestore_jar(environment: Mapping[str, str]) -> Path:
    """Return the Firestore emulator's jar.

    Raises:
        EmulatorError: If no Cloud SDK and no firebase-tools cache has it.
    """
    return _find(_FIRESTORE, environment)


def pubsub_jar(environment: Mapping[str, str]) -> Path:
    """Return the Pub/Sub emulator's jar.

    Raises:
        EmulatorError: If no Cloud SDK and no firebase-tools cache has it.
    """
    return _find(_PUBSUB, environment)


def _find(jar: _Jar, environment: Mapping[str, str]) -> Path:
    roots = sdk_roots(environment)
    cache = Path(environment.get("HOME", "/")) / ".cache/firebase/emulators"
    found = [match for root in roots for match in sorted(root.glob(jar.sdk_pattern))]
    found += sorted(cache.glob(jar.firebase_pattern))
    if found:
        return found[0]
    looked = ", ".join(str(place) for place in (*roots, cache))
    raise EmulatorError(
        f"the {jar.name} emulator is not installed: run `gcloud components install "
        f"{jar.component}` (or `apt-get install google-cloud-cli-{jar.component}`), or set "
        f"CLOUDSDK_ROOT_DIR; looked in {looked}"
    )


async def java_command(environment: Mapping[str, str]) -> str:
    """Return the Java to run the emulators with: JAVA_HOME's, else the one on PATH.

    Raises:
        EmulatorError: If there is none, or it is older than 17.
    """
    places = [environment.get("PATH", "")]
    if environment.get("JAVA_HOME"):
        places.insert(0, str(Path(environment["JAVA_HOME"]) / "bin"))
    java = shutil.which("java", path=os.pathsep.join(places))
    if java is None:
        raise EmulatorError("no java on PATH: install Java 17 or newer (openjdk-17-jre-headless)")
    text = await _version_of(java)
    version = re.search(r'version "(\d+)', text)
    if version is None or int(version[1]) < _LEAST_JAVA:
        said = text.strip().partition("\n")[0]
        raise EmulatorError(f"{java} is not Java 17 or newer (it says: {said}): install Java 17")
    return java


async def _version_of(java: str) -> str:
    # A process of asyncio's own that is canceled half-way would be left behind, and its end
    # reported to a loop that is gone; a child is stopped and waited for.
    with tempfile.TemporaryDirectory() as folder:
        child = await start_child([java, "-version"], log_path=Path(folder) / "version.log")
        try:
            await asyncio.wait_for(child.wait(), _JAVA_SECONDS)
        except TimeoutError:
            words = f"{java} -version did not end within {_JAVA_SECONDS:.0f} s"
            raise EmulatorError(words) from None
        finally:
            await child.stop()
        return child.log_tail()


@asynccontextmanager
async def firestore_emulator(
    log_dir: Path,
    *,
    port: int = 0,
    rules: Path | None = None,
    arguments: Sequence[str] = (),
    heap_mib: int = 512,
) -> AsyncIterator[str]:
    """Run a Firestore emulator and yield its address, `127.0.0.1:port`.

    Args:
        log_dir: Folder for `firestore-emulator.log`.
        port: Fixed port, or 0 for a free one.
        rules: Security rules to load; without them everything is allowed.
        arguments: Further flags of the emulator (`--seed_from_export=DIR`, ...).
        heap_mib: Its memory; it keeps every version of every document there.

    Raises:
        EmulatorError: If Java or the emulator is missing, or it does not come up.
    """
    jar = firestore_jar(os.environ)
    # It speaks only English: messages would otherwise come from a bundle that does not exist.
    flags = ("-Duser.language=en", f"-Xmx{heap_mib}m")
    program = [*flags, "-cp", str(jar), _FIRESTORE_MAIN, *arguments]
    if rules is not None:
        program.append(f"--rules={rules}")
    async with _emulator(program, log_dir / "firestore-emulator.log", port) as address:
        yield address


@asynccontextmanager
async def pubsub_emulator(log_dir: Path, *, port: int = 0) -> AsyncIterator[str]:
    """Run a Pub/Sub emulator and yield its address, `127.0.0.1:port`.

    Args:
        log_dir: Folder for `pubsub-emulator.log`.
        port: Fixed port, or 0 for a free one.

    Raises:
        EmulatorError: If Java or the emulator is missing, or it does not come up.
    """
    program = ["-jar", str(pubsub_jar(os.environ))]
    async with _emulator(program, log_dir / "pubsub-emulator.log", port) as address:
        yield address


@contextmanager
def running(
    emulator: Callable[[Path], AbstractAsyncContextManager[str]], log_dir: Path
) -> Iterator[str]:
    """Run an emulator around synchronous code: `with running(pubsub_emulator, path) as address:`.

    Its event loop rests while the body runs, so the body may use loops of its own.
    """
    with asyncio.Runner() as runner:
        context = emulator(log_dir)
        address = runner.run(context.__aenter__())
        try:
            yield address
        finally:
            runner.run(context.__aexit__(None, None, None))


@asynccontextmanager
async def _emulator(program: Sequence[str], log_path: Path, port: int) -> AsyncIterator[str]:
    java = await java_command(os.environ)
    port = port or free_port()
    command = [java, *_JVM_FLAGS, *program, "--host=127.0.0.1", f"--port={port}"]
    child = await start_child(command, log_path=log_path)
    try:
        await _until_ready(child, port)
        yield f"127.0.0.1:{port}"
    finally:
        await child.stop()


async def _until_ready(child: Child, port: int) -> None:
    """Wait until the emulator answers a request."""
    try:
        async with asyncio.timeout(_START_SECONDS):
            while not await _answers(port):
                if child.process.returncode is not None:
                    raise EmulatorError(
                        _did_not_start(child, f"exited with {child.process.returncode}")
                    )
                await asyncio.sleep(_POLL_SECONDS)
    except TimeoutError:
        raise EmulatorError(
            _did_not_start(child, f"did not answer on port {port} in {_START_SECONDS:.0f} s")
        ) from None


def _did_not_start(child: Child, why: str) -> str:
    return f"the emulator {why}; the end of {child.log_path}:\n{child.log_tail()}"


async def _answers(port: int) -> bool:
    """Whether `GET /` is answered with 200; both emulators say "Ok" there."""
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(_ANSWER_SECONDS):
            return await _ask(port)
    return False


async def _ask(port: int) -> bool:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        await writer.drain()
        return b" 200 " in await reader.readline()
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
