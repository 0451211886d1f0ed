"""Name every tool that the repository needs and this machine lacks, and how to get it.

    python3 -IB tests/sandbox/doctor.py                    all tools; 1 if a required one is missing
    python3 -IB tests/sandbox/doctor.py --needs java,node  only these; silent when all is well
    python3 -IB tests/sandbox/doctor.py --print-python     the Python to make the environment with

It runs before anything is installed: standard library alone, and nothing newer than Python 3.8.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

_FIRST_PYTHON = (3, 11)
_LAST_PYTHON = (3, 13)
_PYTHONS = ("python3", "python3.13", "python3.12", "python3.11")
# Debian ships ensurepip, without which no environment can be made, in a package of its own.
_PYTHON_PROBE = (
    "import ensurepip, sys; print(sys.version_info[0], sys.version_info[1], sys.executable)"
)
_LEAST_NODE = 20
_LEAST_JAVA = 17


class Tool(NamedTuple):
    """Something to look for: its name, whether all depends on it, how to get it on Debian."""

    name: str
    required: bool
    advice: str


class Finding(NamedTuple):
    """What was found: `fault` is empty when the tool is there and new enough."""

    fault: str
    place: str


TOOLS = (
    Tool("python", True, "apt-get install python3 python3-venv (Debian 12 brings 3.11, 13: 3.13)"),
    Tool("make", True, "apt-get install make"),
    Tool("git", True, "apt-get install git"),
    Tool("java", True, "apt-get install openjdk-17-jre-headless (Debian 13: openjdk-21-...)"),
    Tool(
        "firestore",
        True,
        "gcloud components install cloud-firestore-emulator, or from Google's Debian repository "
        "apt-get install google-cloud-cli-firestore-emulator, or set CLOUDSDK_ROOT_DIR",
    ),
    Tool(
        "pubsub",
        True,
        "gcloud components install pubsub-emulator, or from Google's Debian repository "
        "apt-get install google-cloud-cli-pubsub-emulator, or set CLOUDSDK_ROOT_DIR",
    ),
    Tool("node", True, "apt-get install nodejs (Debian 13 brings 20; Debian 12: NodeSource's 20)"),
    Tool("npm", True, "apt-get install npm (NodeSource's nodejs contains it)"),
    Tool("chromium", False, "apt-get install chromium; only needed to look at pages"),
    Tool("terraform", False, "HashiCorp's Debian repository; only needed to deploy"),
)

_JARS = {
    "firestore": (
        "platform/cloud-firestore-emulator/cloud-firestore-emulator.jar",
        "cloud-firestore-emulator-v*.jar",
    ),
    "pubsub": (
        "platform/pubsub-emulator/lib/cloud-pubsub-emulator-*-all.jar",
        "pubsub-emulator-*/pubsub-emulator/lib/cloud-pubsub-emulator-*-all.jar",
    ),
}


async def examine(name: str, environment: Mapping[str, str]) -> Finding:
    """Look for one tool.

    Args:
        name: One of TOOLS.
        environment: PATH, HOME, JAVA_HOME and CLOUDSDK_ROOT_DIR are read from it.
    """
    probes: dict[str, Callable[[Mapping[str, str]], Awaitable[Finding]]] = {
        "python": _python,
        "java": _java,
        "node": _node,
    }
    if name in probes:
        return await probes[name](environment)
    if name in _JARS:
        return find_emulator(name, emulator_places(environment))
    return _program(name, environment)


async def find_python(environment: Mapping[str, str]) -> str | None:
    """Return the first Python on PATH that can make our environment: 3.11 to 3.13, with venv."""
    for name in _PYTHONS:
        path = _which(name, environment)
        said = await _ask([path, "-IB", "-c", _PYTHON_PROBE], environment) if path else ""
        # A version manager's shim may be on PATH without a Python behind it: it says no version.
        match = re.match(r"(\d+) (\d+) (.+)", said)
        if match and _FIRST_PYTHON <= (int(match[1]), int(match[2])) <= _LAST_PYTHON:
            return match[3]
    return None


def emulator_places(environment: Mapping[str, str]) -> list[Path]:
    """Return the folders that may hold emulators: a Cloud SDK's, then firebase-tools' cache.

    The same, in the same order, as the sandbox looks in when it starts one.
    """
    home = Path(environment.get("HOME", "/"))
    named = environment.get("CLOUDSDK_ROOT_DIR")
    gcloud = _which("gcloud", environment)
    roots = [
        *([Path(named)] if named else []),
        *([Path(gcloud).resolve().parent.parent] if gcloud else []),
        Path("/usr/lib/google-cloud-sdk"),
        Path("/usr/share/google-cloud-sdk"),
        Path("/opt/homebrew/share/google-cloud-sdk"),
        home / "google-cloud-sdk",
    ]
    return [*dict.fromkeys(roots), home / ".cache/firebase/emulators"]


def find_emulator(name: str, places: Sequence[Path]) -> Finding:
    """Look for the jar of an emulator (`firestore` or `pubsub`) in the emulator places."""
    in_sdk, in_cache = _JARS[name]
    *roots, cache = places
    found = [jar for root in roots for jar in sorted(root.glob(in_sdk))]
    found += sorted(cache.glob(in_cache))
    if found:
        return Finding("", str(found[0]))
    looked = ", ".join(str(place) for place in places)
    return Finding(f"no {name} emulator; looked in {looked}", "")


async def _python(environment: Mapping[str, str]) -> Finding:
    python = await find_python(environment)
    if python:
        return Finding("", python)
    return Finding("no Python 3.11 to 3.13 with venv on PATH", "")


async def _java(environment: Mapping[str, str]) -> Finding:
    home = environment.get("JAVA_HOME")
    path = environment.get("PATH", "")
    path = os.pathsep.join([str(Path(home) / "bin"), path]) if home else path
    java = shutil.which("java", path=path)
    if java is None:
        return Finding("no java in JAVA_HOME or on PATH", "")
    said = await _ask([java, "-version"], environment)
    return _at_least(_LEAST_JAVA, re.search(r'version "(\d+)', said), java, said)


async def _node(environment: Mapping[str, str]) -> Finding:
    node = _which("node", environment)
    if node is None:
        return Finding("no node on PATH", "")
    said = await _ask([node, "--version"], environment)
    return _at_least(_LEAST_NODE, re.match(r"v(\d+)", said), node, said)


def _at_least(least: int, match: re.Match[str] | None, path: str, said: str) -> Finding:
    if match and int(match[1]) >= least:
        return Finding("", path)
    first_line = said.strip().partition("\n")[0]
    return Finding(f"{path} is not version {least} or newer (it says: {first_line})", path)


def _program(name: str, environment: Mapping[str, str]) -> Finding:
    path = _which(name, environment)
    return Finding("", path) if path else Finding(f"no {name} on PATH", "")


def _which(name: str, environment: Mapping[str, str]) -> str | None:
    return shutil.which(name, path=environment.get("PATH", ""))


async def _ask(command: Sequence[str], environment: Mapping[str, str]) -> str:
    """Return what a program says; nothing if it can not even be started."""
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            env=dict(environment),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
    except OSError:
        return ""
    said, _ = await process.communicate()
    return said.decode(errors="replace")


async def _report(names: Sequence[str], environment: Mapping[str, str], *, all_well: bool) -> bool:
    """Print a line per tool (with `all_well`: also for those that are fine); True if none lacks."""
    sound = True
    for tool in TOOLS:
        if tool.name not in names:
            continue
        finding = await examine(tool.name, environment)
        if finding.fault:
            optional = all_well and not tool.required
            sound = sound and optional
            sys.stdout.write(_fault_line(tool, finding, optional=optional))
        elif all_well:
            sys.stdout.write(f"ok        {tool.name:<10} {finding.place}\n")
    return sound


def _fault_line(tool: Tool, finding: Finding, *, optional: bool) -> str:
    kind = "optional" if optional else "MISSING"
    return f"{kind:<9} {tool.name:<10} {finding.fault}. To get it: {tool.advice}\n"


def _tool_names(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    known = [tool.name for tool in TOOLS]
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        raise argparse.ArgumentTypeError(f"say some of {', '.join(known)}")
    return names


def main(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Examine and report; 1 when something needed is missing or too old."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--needs", type=_tool_names, metavar="TOOL,TOOL", help="only these tools")
    parser.add_argument("--print-python", action="store_true", help="print the Python to use")
    options = parser.parse_args(arguments)
    if options.print_python:
        python = asyncio.run(find_python(environment))
        sys.stdout.write(f"{python}\n" if python else "")
        return 0 if python else 1
    names = options.needs or [tool.name for tool in TOOLS]
    sound = asyncio.run(_report(names, environment, all_well=options.needs is None))
    return 0 if sound else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
