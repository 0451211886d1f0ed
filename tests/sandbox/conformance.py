"""Conformance rows: a request, the real service's answer to it, and where that answer is written.

Marks in `source`: a URL (documentation, an issue quoting the real body, the service's own source),
or a URL followed by "(stricter)" where the stand-in refuses what the service lets pass.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import requests

from tests.sandbox.control import Json

_TIMEOUT_SECONDS = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One row. Objects in `answer` name the members that must be there; lists must match whole.

    `text` is a part of the body where the service does not answer JSON. `before` is a list of
    control requests (method, path, JSON body).
    """

    name: str
    request: str
    status: int
    source: str
    answer: Json = None
    text: str = ""
    json: Json = None
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    answer_headers: Mapping[str, str] = field(default_factory=dict)
    before: tuple[tuple[str, str, Json], ...] = ()


def contains(actual: Json, expected: Json) -> bool:
    """Whether `actual` has everything `expected` names."""
    if isinstance(expected, dict):
        return isinstance(actual, dict) and all(
            key in actual and contains(actual[key], value) for key, value in expected.items()
        )
    if isinstance(expected, list):
        return (
            isinstance(actual, list)
            and len(actual) == len(expected)
            and all(map(contains, actual, expected))
        )
    return type(actual) is type(expected) and actual == expected


def check(row: Row, base_url: str) -> None:
    """Plays one row against a stand-in at `base_url` and asserts the answer."""
    for method, path, document in row.before:
        told = requests.request(method, base_url + path, json=document, timeout=_TIMEOUT_SECONDS)
        told.raise_for_status()
    method, _, path = row.request.partition(" ")
    response = requests.request(
        method,
        base_url + path,
        headers=dict(row.headers),
        json=row.json,
        data=row.body,
        timeout=_TIMEOUT_SECONDS,
        allow_redirects=False,
    )
    assert response.status_code == row.status, response.text
    assert row.text in response.text
    for name, value in row.answer_headers.items():
        assert response.headers.get(name) == value
    if row.answer is not None:
        answer: Json = response.json()
        assert contains(answer, row.answer), answer
