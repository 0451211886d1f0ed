"""Google's `fields` parameter: partial responses.

https://developers.google.com/workspace/sheets/api/guides/field-masks
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeAlias

from tests.sandbox.control import Json

Mask: TypeAlias = dict[str, "Mask"]
_TOKEN = re.compile(r"[A-Za-z*][A-Za-z0-9]*|[(),./]")


class UnknownField(Exception):
    """The mask names a path the answer cannot have."""


def parse_mask(text: str) -> Mask:
    """Parses `a,b(c,d),e.f` and `e/f`; an empty mask below a name means all of it."""
    tokens = _TOKEN.findall(text)
    if "".join(tokens) != text:
        raise UnknownField(text)
    mask, rest = _list(tokens, text)
    if rest:
        raise UnknownField(text)
    return mask


def _list(tokens: list[str], text: str) -> tuple[Mask, list[str]]:
    mask: Mask = {}
    while True:
        name, below, tokens = _path(tokens, text)
        mask.setdefault(name, {}).update(below)
        if not tokens or tokens[0] != ",":
            return mask, tokens
        tokens = tokens[1:]


def _path(tokens: list[str], text: str) -> tuple[str, Mask, list[str]]:
    if not tokens or (not tokens[0][0].isalpha() and tokens[0] != "*"):
        raise UnknownField(text)
    name, rest = tokens[0], tokens[1:]
    if rest and rest[0] in "./":
        below_name, below, rest = _path(rest[1:], text)
        return name, {below_name: below}, rest
    if rest and rest[0] == "(":
        inside, rest = _list(rest[1:], text)
        if not rest or rest[0] != ")":
            raise UnknownField(text)
        return name, inside, rest[1:]
    return name, {}, rest


def check_mask(mask: Mask, schema: Mapping[str, Json], path: str = "") -> None:
    """Raises UnknownField for a path that `schema` (nested objects, `{}` for a leaf) lacks."""
    for name, below in mask.items():
        if name == "*":
            continue
        inside = schema.get(name)
        if not isinstance(inside, dict):
            raise UnknownField(path + name)
        check_mask(below, inside, f"{path}{name}.")


def masked(value: Json, mask: Mask) -> Json:
    """The part of `value` that the mask names."""
    if not mask or "*" in mask:
        return value
    if isinstance(value, list):
        return [masked(item, mask) for item in value]
    if isinstance(value, dict):
        return {key: masked(value[key], below) for key, below in mask.items() if key in value}
    return value
