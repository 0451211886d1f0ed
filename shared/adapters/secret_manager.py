"""Secrets from Google Secret Manager."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock

import google_crc32c
import grpc
from google.api_core.exceptions import GoogleAPIError, ServerError, TooManyRequests
from google.api_core.retry import Retry, if_exception_type
from google.cloud.secretmanager_v1 import SecretManagerServiceClient
from google.cloud.secretmanager_v1.services.secret_manager_service.transports import (
    SecretManagerServiceGrpcTransport,
)

from shared.adapters.google_errors import translate
from shared.domain.errors import AdapterError

# Rotation is noticed this late; each read costs money and 20 ms.
CACHE_SECONDS = 300.0

_SERVICE = "secret manager"
_CALL_SECONDS = 5.0


class GoogleSecretStore:
    """`SecretStore` on Secret Manager; always reads the latest version.

    Values are kept for five minutes and appear in no error and no representation.

    Args:
        project_id: Project that owns the secrets.
        address: `host:port` of a server without TLS that speaks the same protocol; production
            leaves it out and uses application default credentials.
        patience_seconds: How long a read may go on asking an overloaded or failing service.
        monotonic: Machine time in seconds, for the age of kept values.
    """

    def __init__(
        self,
        project_id: str,
        *,
        address: str | None = None,
        patience_seconds: float = 15.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._project_id = project_id
        self._retry = Retry(
            predicate=if_exception_type(ServerError, TooManyRequests),
            initial=0.1,
            maximum=2.0,
            timeout=patience_seconds,
        )
        self._monotonic = monotonic
        self._client = _connect(address)
        self._close: Callable[[], None] = self._client.transport.close
        self._lock = Lock()
        self._kept: dict[str, tuple[float, str]] = {}

    def read(self, name: str) -> str:
        """Return the value of a secret's latest version, as text.

        Raises:
            NotFound: If there is no such secret, or it has no version.
            AdapterError: If it can not be read, arrives damaged, or is not UTF-8.
        """
        with self._lock:
            read_at, value = self._kept.get(name, (float("-inf"), ""))
            if self._monotonic() - read_at >= CACHE_SECONDS:
                value = self._fetch(name)
                self._kept[name] = (self._monotonic(), value)
            return value

    def close(self) -> None:
        """Close the connection."""
        self._close()

    def _fetch(self, name: str) -> str:
        path = f"projects/{self._project_id}/secrets/{name}/versions/latest"
        try:
            response = self._client.access_secret_version(
                name=path, retry=self._retry, timeout=_CALL_SECONDS
            )
        except GoogleAPIError as error:
            raise translate(_SERVICE, error) from error
        data = bytes(response.payload.data)
        if response.payload.data_crc32c != google_crc32c.value(data):
            raise AdapterError(_SERVICE, f"{name} arrived damaged (CRC32C)", retryable=True)
        # Not by catching UnicodeDecodeError: that error carries the value.
        text = data.decode(errors="replace")
        if text.encode() != data:
            raise AdapterError(_SERVICE, f"{name} is not UTF-8 text", retryable=False)
        return text


def _connect(address: str | None) -> SecretManagerServiceClient:
    if address is None:
        return SecretManagerServiceClient()
    transport = SecretManagerServiceGrpcTransport(channel=grpc.insecure_channel(address))
    return SecretManagerServiceClient(transport=transport)
