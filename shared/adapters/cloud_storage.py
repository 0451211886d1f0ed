"""Files in Cloud Storage, opened by people through V4 signed URLs."""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import requests
from google.api_core.exceptions import (
    GoogleAPICallError,
    PreconditionFailed,
    ServerError,
    TooManyRequests,
)
from google.api_core.exceptions import (
    NotFound as NoSuchObject,
)
from google.auth.credentials import Credentials
from google.auth.exceptions import GoogleAuthError
from google.cloud.storage import Client
from google.cloud.storage.exceptions import DataCorruption

from shared.adapters.iam_signer import IAM_CREDENTIALS_URL, IamSigner
from shared.adapters.retry import repeat_safely
from shared.domain.errors import AdapterError, Conflict, InvalidInput, NotFound
from shared.ports.files import StoredFile

CLOUD_STORAGE_URL = "https://storage.googleapis.com"
_SERVICE = "cloud storage"
_TIMEOUT_SECONDS = (5.0, 60.0)
# Google rotates the keys behind signBlob: a signature is only sure to verify for 12 hours.
# https://cloud.google.com/storage/docs/access-control/signed-urls
_LONGEST_LIFETIME_SECONDS = 12 * 60 * 60


class CloudStorageFiles:
    """One bucket as a file store.

    Every write names the generation it replaces, so repeating one is safe: a second arrival
    fails its precondition and is then recognized by its content.

    Args:
        bucket: The bucket's name.
        project: The project billed for nothing but named in every request.
        credentials: Who reads and writes.
        service_account_email: The account that signs links.
        base_url: Where Cloud Storage answers and links point to, without a trailing slash.
        iam_credentials_url: Where IAM signs, without a trailing slash.
        sleep: Waits between repeated calls, in machine seconds.
    """

    def __init__(
        self,
        *,
        bucket: str,
        project: str,
        credentials: Credentials,
        service_account_email: str,
        base_url: str = CLOUD_STORAGE_URL,
        iam_credentials_url: str = IAM_CREDENTIALS_URL,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._base_url = base_url
        self._client = Client(
            project=project, credentials=credentials, client_options={"api_endpoint": base_url}
        )
        # Without this the library looks up the bucket's metadata in a thread of its own, for traces
        # we do not take; that needs storage.buckets.get, which our accounts lack on purpose.
        self._client._bucket_metadata_cache = None
        self._bucket = self._client.bucket(bucket)
        self._signer = IamSigner(
            credentials=credentials,
            service_account_email=service_account_email,
            base_url=iam_credentials_url,
            sleep=sleep,
        )
        self._sleep = sleep

    def put(self, file: StoredFile, *, if_absent: bool) -> None:
        """Store a file; the same bytes again change nothing.

        Raises:
            Conflict: Other content is there already, or somebody else wrote at the same time.
            AdapterError: Cloud Storage failed.
        """
        repeat_safely(lambda: self._put(file, if_absent=if_absent), sleep=self._sleep)

    def get(self, name: str) -> bytes:
        """Return a file's content, its checksum verified.

        Raises:
            NotFound: No such file.
            AdapterError: Cloud Storage failed.
        """
        return repeat_safely(lambda: self._get(name), sleep=self._sleep)

    def signed_url(self, name: str, *, lifetime_seconds: int) -> str:
        """Return a link that reads the file until `lifetime_seconds` from now.

        Raises:
            InvalidInput: The lifetime is not between 1 second and 12 hours.
            AdapterError: IAM did not sign.
        """
        if not 0 < lifetime_seconds <= _LONGEST_LIFETIME_SECONDS:
            raise InvalidInput(
                "lifetime_seconds",
                f"{lifetime_seconds} is not between 1 and {_LONGEST_LIFETIME_SECONDS}",
            )
        url = self._bucket.blob(name).generate_signed_url(
            version="v4",
            method="GET",
            expiration=timedelta(seconds=lifetime_seconds),
            api_access_endpoint=self._base_url,
            credentials=self._signer,
        )
        return str(url)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()
        self._signer.close()

    def _put(self, file: StoredFile, *, if_absent: bool) -> None:
        replaced = 0 if if_absent else self._generation(file.name)
        try:
            with _translated(file.name):
                self._bucket.blob(file.name).upload_from_string(
                    file.data,
                    content_type=file.content_type,
                    if_generation_match=replaced,
                    timeout=_TIMEOUT_SECONDS,
                    retry=None,
                )
        except Conflict:
            if self._md5(file.name) != _md5_of(file.data):
                raise

    def _get(self, name: str) -> bytes:
        with _translated(name):
            data = self._bucket.blob(name).download_as_bytes(timeout=_TIMEOUT_SECONDS, retry=None)
        return bytes(data)

    def _generation(self, name: str) -> int:
        """The current generation, 0 without one: what if_generation_match takes."""
        with _translated(name):
            found = self._bucket.get_blob(name, timeout=_TIMEOUT_SECONDS, retry=None)
        return 0 if found is None else int(found.generation)

    def _md5(self, name: str) -> str | None:
        with _translated(name):
            found = self._bucket.get_blob(name, timeout=_TIMEOUT_SECONDS, retry=None)
        return None if found is None else str(found.md5_hash)


def _md5_of(data: bytes) -> str:
    return base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode("ascii")


@contextmanager
def _translated(name: str) -> Iterator[None]:
    try:
        yield
    except NoSuchObject as error:
        raise NotFound(_SERVICE, f"{name}: {error.message}") from error
    except PreconditionFailed as error:
        raise Conflict(_SERVICE, f"{name}: {error.message}") from error
    except GoogleAPICallError as error:
        retryable = isinstance(error, (ServerError, TooManyRequests))
        raise AdapterError(
            _SERVICE, f"{name}: {error.code}: {error.message}", retryable=retryable
        ) from error
    except GoogleAuthError as error:
        raise AdapterError(_SERVICE, f"{name}: {error}", retryable=bool(error.retryable)) from error
    except (requests.RequestException, DataCorruption) as error:
        raise AdapterError(_SERVICE, f"{name}: {error}", retryable=True) from error
