"""A function behind a real socket, and SendGrid's stand-in posting signed batches to it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import requests
from werkzeug.serving import make_server

from tests.functions.outside import Outside
from tests.functions.served import ServedFunction
from tests.sandbox.control import Json

_SECONDS = 30


@contextmanager
def over_http(function: ServedFunction) -> Iterator[str]:
    """Serve a function on a loopback port; yields its URL."""
    server = make_server("127.0.0.1", 0, function.client.application, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def post_events(world: Outside, url: str, outbox_id: str, *kinds: str, **more: Json) -> int:
    """Let SendGrid post a batch about a mail it has accepted; the status it gets."""
    asked: dict[str, Json] = {"url": url, "outbox_id": outbox_id, "events": list(kinds), **more}
    answer = requests.post(
        f"{world.urls['sendgrid']}/_sandbox/events", json=asked, timeout=_SECONDS
    )
    answer.raise_for_status()
    return int(answer.json()["status"])
