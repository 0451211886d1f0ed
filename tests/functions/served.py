"""A function as the functions framework serves it, with its market time in the test's hands."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import functions_framework
import pytest
from flask import Flask
from flask.testing import FlaskClient

from shared.adapters.firestore.documents import FirestoreDocuments
from shared.adapters.pubsub import PubsubPublisher
from shared.adapters.sheets import GoogleLeaderSheet
from shared.bootstrap import Services
from tests.fakes.clock import ManualClock

_FUNCTIONS = Path(__file__).parents[2] / "functions"


class _Module(Protocol):
    services: Services


@dataclass(frozen=True, kw_only=True, slots=True)
class ServedFunction:
    """One function and what it is built on."""

    client: FlaskClient
    clock: ManualClock
    services: Services

    def push(self, data: Mapping[str, object]) -> int:
        """Deliver a message as a Pub/Sub push subscription does; the status of the answer."""
        encoded = base64.b64encode(json.dumps(data).encode()).decode()
        body = {
            "message": {
                "data": encoded,
                "attributes": {},
                "messageId": "1",
                "publishTime": "2026-11-27T14:27:00Z",
            },
            "subscription": "projects/p/subscriptions/s",
        }
        return self.post(json.dumps(body).encode())

    def post(self, body: bytes) -> int:
        """Post any body; the status of the answer."""
        return self.client.post("/", data=body).status_code


@contextmanager
def served(
    name: str, environment: Mapping[str, str], clock: ManualClock
) -> Iterator[ServedFunction]:
    """Load a function's source under an environment; its connections are closed at the end."""
    with pytest.MonkeyPatch.context() as patch:
        for key, value in environment.items():
            patch.setenv(key, value)
        # The framework carries no types.
        create_app: Callable[[str, str], Flask] = functions_framework.create_app
        app = create_app(name, str(_FUNCTIONS / f"{name}.py"))
        module: _Module = sys.modules[name]
        module.services.clock = clock
        try:
            yield ServedFunction(client=app.test_client(), clock=clock, services=module.services)
        finally:
            _close(module.services)


def _close(services: Services) -> None:
    for built in vars(services).values():
        if isinstance(built, FirestoreDocuments | PubsubPublisher | GoogleLeaderSheet):
            built.close()
