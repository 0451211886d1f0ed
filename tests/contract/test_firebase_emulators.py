"""Firebase Hosting serves our pages with our headers, and the Auth emulator answers."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import requests

from tests.sandbox.firebase_emulators import (
    FIREBASE_FOLDER,
    PROJECT,
    FirebaseEmulators,
    firebase_emulators,
)


def _declared_headers(source: str) -> dict[str, str]:
    config = json.loads((FIREBASE_FOLDER / "firebase.json").read_text(encoding="utf-8"))
    rules = [rule for rule in config["hosting"]["headers"] if rule["source"] == source]
    return {pair["key"]: pair["value"] for rule in rules for pair in rule["headers"]}


def _check_page(url: str, text: str, headers: dict[str, str]) -> None:
    answer = requests.get(url, timeout=10)
    assert answer.status_code == 200, url
    assert text in answer.text, url
    for name, value in headers.items():
        assert answer.headers.get(name) == value, f"{url}: {name}"


def _sign_up(auth_address: str) -> dict[str, str]:
    answer = requests.post(
        f"http://{auth_address}/identitytoolkit.googleapis.com/v1/accounts:signUp?key=any",
        json={"email": "someone@example.com", "password": "long enough", "returnSecureToken": True},
        timeout=10,
    )
    assert answer.status_code == 200, answer.text
    found: dict[str, str] = answer.json()
    return found


def _check(emulators: FirebaseEmulators) -> None:
    everywhere = _declared_headers("**")
    site = emulators.hosting_url
    _check_page(f"{site}/", "One signal.", everywhere)
    _check_page(f"{site}/r", 'action="/report_link"', everywhere | _declared_headers("/r"))
    _check_page(f"{site}/report-link.js", "window.location.hash", everywhere)
    assert requests.get(f"{site}/no-such-page", timeout=10).status_code == 404
    account = _sign_up(emulators.auth_address)
    assert account["email"] == "someone@example.com"
    assert account["idToken"]
    assert PROJECT.startswith("demo-")


def test_hosting_serves_the_declared_headers_and_auth_signs_people_up(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with firebase_emulators(tmp_path) as emulators:
            await asyncio.to_thread(_check, emulators)

    asyncio.run(scenario())
