"""Several stand-ins in one loop, and what control routes do for each."""

from __future__ import annotations

import asyncio

import pytest
import requests

from tests.sandbox import sendgrid, telegram
from tests.sandbox.serving import serve, serve_in_thread

_ME = "/bot1000000001:sandbox-bot-token/getMe"


def _status(port: int, path: str) -> int:
    return requests.get(f"http://127.0.0.1:{port}{path}", timeout=5).status_code


def test_several_stand_ins_share_a_loop_until_they_are_shut_down() -> None:
    async def play() -> tuple[int, int, int]:
        chat_port, stop_chat = await serve(telegram.create_app(), 0)
        mail_port, stop_mail = await serve(sendgrid.create_app(), 0)
        chat = await asyncio.to_thread(_status, chat_port, _ME)
        mail = await asyncio.to_thread(_status, mail_port, "/_sandbox/messages")
        await stop_chat()
        await stop_mail()
        return chat, mail, chat_port

    chat, mail, chat_port = asyncio.run(play())
    assert (chat, mail) == (200, 200)
    with pytest.raises(requests.ConnectionError):
        _status(chat_port, _ME)


def test_failures_counters_and_reset() -> None:
    with serve_in_thread(telegram.create_app()) as base_url, requests.Session() as session:
        failures = {"status": 500, "times": 2}
        session.post(f"{base_url}/_sandbox/failures", json=failures, timeout=5)
        assert session.get(base_url + _ME, timeout=5).status_code == 500
        session.post(f"{base_url}/_sandbox/reset", timeout=5)
        assert session.get(base_url + _ME, timeout=5).status_code == 200
        counted = session.get(f"{base_url}/_sandbox/counters", timeout=5).json()
        assert counted == {f"GET {_ME}": 1}
