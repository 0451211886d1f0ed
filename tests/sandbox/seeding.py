"""What stands in the database, the sheet and the secrets before the day begins."""

from __future__ import annotations

from collections.abc import Mapping

import requests

from shared.adapters.firestore.clients import firestore_client
from shared.adapters.firestore.codec import encode
from shared.adapters.firestore.documents import FirestoreDocuments
from shared.adapters.firestore.terms import terms_path
from shared.domain.alert_routing import AlertRecipients
from shared.domain.controls import TradingMode
from shared.domain.followers import Follower, Login
from shared.domain.months import Month
from shared.domain.terms import Terms
from shared.ports.documents import Create, Write
from tests.sandbox.addresses import Addresses
from tests.sandbox.blueprint import ADMIN_MAIL, FLEX_ENTRY, PROJECT, SHEET_ID, TELEGRAM_CHAT
from tests.sandbox.cast import CLIENT_ID, Cast

CLOSED_PORT = 1
"""Nobody serves it, and it is the same on every run: alerts name it."""
_TERMS = Terms(from_month=Month("2026-01"))
_WRITES = 400
_SECONDS = 10


def seed_documents(addresses: Addresses, cast: Cast, ports: Mapping[str, int]) -> None:
    """Write followers, logins, settings and the kill switch.

    Args:
        addresses: Where the database is.
        cast: Who plays.
        ports: Port of each simulated login; the unreachable one gets a port nobody serves.
    """
    connection = firestore_client(PROJECT, emulator_host=f"127.0.0.1:{addresses.firestore}")
    documents = FirestoreDocuments(connection)
    writes: list[Write] = [
        Create(path="settings/trading", data=encode(cast.settings)),
        Create(path="settings/alerts", data=encode(_recipients())),
        Create(path="controls/trading", data={"mode": TradingMode.NORMAL.value}),
    ]
    for follower in cast.followers:
        writes.append(_follower(follower))
        writes.append(Create(path=terms_path(follower.follower_id, _TERMS), data=encode(_TERMS)))
        writes.append(_login(follower, ports.get(follower.login_id, CLOSED_PORT)))
    for start in range(0, len(writes), _WRITES):
        documents.commit(writes[start : start + _WRITES])
    connection.close()


def seed_stand_ins(addresses: Addresses, cast: Cast) -> None:
    """Put the sheet's cells and the admins' chat where the stand-ins answer from them."""
    sheet = {
        "title": "Leader",
        "shared": True,
        "sheets": [
            {
                "title": "Sheet1",
                "rows": max(1000, len(cast.values)),
                "columns": 26,
                "values": [list(row) for row in cast.values],
            }
        ],
    }
    chat = {"type": "group", "title": "SpreadPilot admins"}
    for url, body in (
        (f"{addresses.url('sheets')}/_sandbox/spreadsheets/{SHEET_ID}", sheet),
        (f"{addresses.url('telegram')}/_sandbox/chats/{TELEGRAM_CHAT}", chat),
    ):
        requests.put(url, json=body, timeout=_SECONDS).raise_for_status()


def _recipients() -> AlertRecipients:
    return AlertRecipients(telegram_chat_ids=(TELEGRAM_CHAT,), emails=(ADMIN_MAIL,))


def _follower(follower: Follower) -> Write:
    return Create(path=f"followers/{follower.follower_id}", data=encode(follower))


def _login(follower: Follower, port: int) -> Write:
    login = Login(
        login_id=follower.login_id,
        host="127.0.0.1",
        port=port,
        client_id=CLIENT_ID,
        flex_token_secret=FLEX_ENTRY,
        flex_query_id=follower.login_id.removeprefix("login-"),
    )
    return Create(path=f"logins/{login.login_id}", data=encode(login))
