"""The repository tells the truth about itself, and nothing about the machine it was made on."""

from __future__ import annotations

import asyncio
import json
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FENCE = re.compile(r"^```(?P<language>\w*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\((?!https?://|mailto:)(?P<path>[^)#\s]*)(?:#(?P<anchor>[^)\s]+))?\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
TARGET = re.compile(r"^([a-z][a-z-]*):", re.MULTILINE)
MACHINE_PATH = re.compile(r"(?<![\w.~}$*-])/(?:root|work|tmp)/\w[\w./-]*")
REGISTRY = re.compile(
    r"(?:pypi|pythonhosted|npmjs|yarnpkg|registry\.terraform)\.(?:org|com|io)\b", re.IGNORECASE
)


@cache
def _files() -> tuple[Path, ...]:
    """Every file that git tracks, or would: nothing that .gitignore names."""

    async def ask() -> str:
        process = await asyncio.create_subprocess_exec(
            # A checkout may belong to another user than the one who tests it.
            *("git", "-c", "safe.directory=*", "ls-files", "-coz", "--exclude-standard"),
            cwd=ROOT,
            stdout=asyncio.subprocess.PIPE,
        )
        listing, _ = await process.communicate()
        assert process.returncode == 0, "git can not list the repository's files"
        return listing.decode()

    paths = [ROOT / name for name in asyncio.run(ask()).split("\0") if name]
    return tuple(sorted(path for path in paths if path.is_file()))


@cache
def _texts() -> tuple[tuple[str, str], ...]:
    """Name and content of every text file."""
    contents = [(path.relative_to(ROOT).as_posix(), path.read_bytes()) for path in _files()]
    return tuple((name, data.decode("utf-8")) for name, data in contents if b"\0" not in data)


def _pages() -> list[tuple[str, str]]:
    return [(name, text) for name, text in _texts() if name.endswith(".md")]


def _commands(text: str) -> list[str]:
    """Lines of a page's code blocks, and what stands between backticks in its prose."""
    blocks = [line for match in FENCE.finditer(text) for line in match["body"].splitlines()]
    return [*blocks, *SPAN.findall(FENCE.sub("", text))]


def _anchor(heading: str) -> str:
    """Name a heading as GitHub does."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def test_every_make_target_that_a_page_names_exists() -> None:
    targets = set(TARGET.findall((ROOT / "Makefile").read_text("utf-8")))
    named = {
        (name, target)
        for name, text in _pages()
        for command in _commands(text)
        for target in re.findall(r"(?:^|&& )make ([a-z-]+)", command)
    }
    assert {target for name, target in named if name == "README.md"}
    assert [(name, target) for name, target in sorted(named) if target not in targets] == []


def test_every_make_target_says_what_it_does() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    told = set(re.findall(r"^([a-z]+):.*## \S", makefile, re.MULTILINE))
    assert set(re.findall(r"^\.PHONY: ([a-z]+)$", makefile, re.MULTILINE)) == told


def test_readme_tells_the_commands_that_continuous_integration_runs() -> None:
    script = (ROOT / ".ci/run").read_text("utf-8")
    run = [line for line in script.splitlines() if line.startswith("make ")]
    blocks = [match["body"].splitlines() for match in FENCE.finditer(_page("README.md"))]
    assert run
    assert run in blocks, f"README.md needs a block with exactly {run}"


def _page(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def test_every_path_that_a_page_names_exists() -> None:
    tops = {path.relative_to(ROOT).parts[0] for path in _files()}
    missing = [
        (name, span)
        for name, text in _pages()
        for span in SPAN.findall(FENCE.sub("", text))
        if re.fullmatch(r"[\w.-]+(?:/[\w.-]+)+/?", span)
        and span.partition("/")[0] in tops
        and not (ROOT / span).exists()
    ]
    assert missing == []


def test_every_link_between_pages_leads_somewhere() -> None:
    broken = []
    for name, text in _pages():
        for link in LINK.finditer(FENCE.sub("", text)):
            target = (ROOT / name).parent / link["path"] if link["path"] else ROOT / name
            if not target.exists():
                broken.append((name, link[0]))
            elif link["anchor"]:
                headings = HEADING.findall(target.read_text("utf-8"))
                if link["anchor"] not in {_anchor(heading) for heading in headings}:
                    broken.append((name, link[0]))
    assert broken == []


@pytest.mark.parametrize("pattern", [MACHINE_PATH, REGISTRY], ids=["paths", "registries"])
def test_no_file_names_a_place_of_one_machine_or_a_package_registry(
    pattern: re.Pattern[str],
) -> None:
    found = [(name, match[0]) for name, text in _texts() for match in pattern.finditer(text)]
    assert found == []


def test_the_patterns_see_what_they_are_for() -> None:
    for place in ("root", "work", "tmp"):
        assert MACHINE_PATH.search(f"see /{place}/somebody/file")
    assert REGISTRY.search("https://" + ".".join(("files", "pythonhosted", "org")) + "/x")
    assert not MACHINE_PATH.search("https://example.com/work/page and projects/work/x")


def test_no_lock_file_names_a_download_host() -> None:
    locks = [path for path in _files() if path.name == "package-lock.json"]
    assert locks
    for path in locks:
        packages = json.loads(path.read_text("utf-8"))["packages"]
        assert [name for name, entry in packages.items() if "resolved" in entry] == []
        without_hash = [
            name
            for name, entry in packages.items()
            if name and not entry.get("inBundle") and "integrity" not in entry
        ]
        assert without_hash == []
