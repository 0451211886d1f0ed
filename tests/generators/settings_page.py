"""Write docs/settings.md from the groups of shared/config.py, or check that it is up to date.

python -m tests.generators.settings_page            write the page
python -m tests.generators.settings_page --check    exit 1 where the page differs
"""

from __future__ import annotations

import argparse
import inspect
import sys
from collections.abc import Sequence
from enum import Enum
from pathlib import Path

import annotated_types
from pydantic.fields import FieldInfo

from shared.config import GROUPS, Settings

PAGE_PATH = Path(__file__).resolve().parents[2] / "docs" / "settings.md"

_HEAD = """\
# Settings

What our processes read from the environment (Google's libraries read their own variables beside
it). Everything missing or wrong is told in one error when a process starts.
`terraform/functions.yaml` says which function reads which group; all of them read `CoreSettings`.
What an admin may change while the system runs is not here: it stands in the documents
`settings/trading` and `settings/alerts`.

Written by `python -m tests.generators.settings_page` from `shared/config.py`; do not edit.
"""
_KINDS: dict[type, str] = {str: "text", int: "whole number", float: "number", bool: "true or false"}


def render(groups: Sequence[type[Settings]]) -> str:
    """Write the page: a table per group, in the order of the code."""
    return "\n".join([_HEAD, *(_section(group) for group in groups)])


def _section(group: type[Settings]) -> str:
    lines = [
        f"## {group.__name__}",
        "",
        inspect.getdoc(group) or "",
        "",
        "| variable | value | default | meaning |",
        "|---|---|---|---|",
        *(_row(name, field) for name, field in group.model_fields.items()),
        "",
    ]
    return "\n".join(lines)


def _row(name: str, field: FieldInfo) -> str:
    cells = (f"`{name.upper()}`", _value(field), _default(field), field.description or "")
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def _value(field: FieldInfo) -> str:
    kind = field.annotation
    if isinstance(kind, type) and issubclass(kind, Enum):
        return ", ".join(f"`{member.value}`" for member in kind)
    words = [_KINDS.get(kind, kind.__name__) if isinstance(kind, type) else str(kind)]
    for limit in field.metadata:
        match limit:
            case annotated_types.Ge(ge=least):
                words.append(f"at least {least}")
            case annotated_types.Le(le=most):
                words.append(f"at most {most}")
            case annotated_types.MinLen(min_length=least) if least > 1:
                words.append(f"at least {least} characters")
            case _:
                pass
    return ", ".join(words)


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "**required**"
    return "empty" if field.default == "" else f"`{field.default}`"


def main(arguments: Sequence[str]) -> int:
    """Write or check; the exit code is 1 where the check found a difference."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    options = parser.parse_args(arguments)
    page = render(GROUPS)
    if not options.check:
        PAGE_PATH.write_text(page, encoding="utf-8")
        return 0
    if PAGE_PATH.is_file() and PAGE_PATH.read_text(encoding="utf-8") == page:
        return 0
    sys.stdout.write(
        "docs/settings.md is out of date: run `python -m tests.generators.settings_page`\n"
    )
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
