"""Stand-in for Secret Manager v1 (gRPC, real messages).

Answers carry the project's *number* in resource names although requests may carry its id, as the
service does; "latest" is the version created last, whatever its state.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import google_crc32c
import grpc
from google.cloud.secretmanager_v1.types import resources
from google.cloud.secretmanager_v1.types import service as api

from tests.sandbox.rpc import Method, RpcFault, RpcService, invalid

SERVICE = "google.cloud.secretmanager.v1.SecretManagerService"
PROJECT_NUMBER = "123456789012"

_LARGEST_BYTES = 65_536
_SECRET_ID = re.compile(r"[A-Za-z0-9_-]{1,255}")
_PROJECT = re.compile(r"projects/([a-z0-9][a-z0-9-]*)")
_SECRET = re.compile(r"projects/([a-z0-9][a-z0-9-]*)/secrets/([A-Za-z0-9_-]{1,255})")
_VERSION = re.compile(_SECRET.pattern + r"/versions/(latest|[1-9][0-9]*)")


@dataclass(slots=True)
class _Version:
    name: str
    payload: bytes
    created_at: datetime
    is_checked: bool
    state: str = "ENABLED"
    destroyed_at: datetime | None = None

    def shown(self) -> resources.SecretVersion:
        return resources.SecretVersion(
            name=self.name,
            create_time=self.created_at,
            destroy_time=self.destroyed_at,
            state=self.state,
            client_specified_payload_checksum=self.is_checked,
        )


@dataclass(slots=True)
class _Stored:
    message: resources.Secret
    versions: list[_Version] = field(default_factory=list)


class SecretManager:
    """The secrets of one project, in memory.

    Args:
        project_id: The only project that exists here.
        now: Tells the creation instants (aware UTC).
    """

    def __init__(self, project_id: str, now: Callable[[], datetime]) -> None:
        self._projects = {project_id, PROJECT_NUMBER}
        self._now = now
        self._secrets: dict[str, _Stored] = {}

    def put(self, secret_id: str, value: str) -> None:
        """Add a version of a secret, making the secret first where it is new: for seeding."""
        stored = self._secrets.get(secret_id) or self._make(secret_id, resources.Secret())
        self._add(stored, value.encode())

    def service(self) -> RpcService:
        """The methods, to be served by `serve_rpc`."""
        return RpcService(
            name=SERVICE,
            methods={
                "AccessSecretVersion": Method(
                    asks=api.AccessSecretVersionRequest,
                    answers=api.AccessSecretVersionResponse,
                    handle=self._access,
                ),
                "AddSecretVersion": Method(
                    asks=api.AddSecretVersionRequest,
                    answers=resources.SecretVersion,
                    handle=self._add_version,
                ),
                "CreateSecret": Method(
                    asks=api.CreateSecretRequest, answers=resources.Secret, handle=self._create
                ),
                "DestroySecretVersion": Method(
                    asks=api.DestroySecretVersionRequest,
                    answers=resources.SecretVersion,
                    handle=self._destroy,
                ),
                "DisableSecretVersion": Method(
                    asks=api.DisableSecretVersionRequest,
                    answers=resources.SecretVersion,
                    handle=self._disable,
                ),
                "EnableSecretVersion": Method(
                    asks=api.EnableSecretVersionRequest,
                    answers=resources.SecretVersion,
                    handle=self._enable,
                ),
                "GetSecret": Method(
                    asks=api.GetSecretRequest, answers=resources.Secret, handle=self._get
                ),
                "ListSecretVersions": Method(
                    asks=api.ListSecretVersionsRequest,
                    answers=api.ListSecretVersionsResponse,
                    handle=self._list_versions,
                ),
            },
        )

    async def _create(self, request: api.CreateSecretRequest) -> resources.Secret:
        match = _PROJECT.fullmatch(request.parent)
        if match is None:
            raise invalid("The [parent] field must be of the form projects/*.")
        self._check_project(match[1])
        if _SECRET_ID.fullmatch(request.secret_id) is None:
            raise invalid("The [secret_id] field must match [A-Za-z0-9_-]{1,255}.")
        if "replication" not in request.secret:
            raise invalid("Secret.replication must be provided.")
        if request.secret_id in self._secrets:
            name = f"projects/{PROJECT_NUMBER}/secrets/{request.secret_id}"
            raise RpcFault(grpc.StatusCode.ALREADY_EXISTS, f"Secret [{name}] already exists.")
        return self._make(request.secret_id, request.secret).message

    async def _get(self, request: api.GetSecretRequest) -> resources.Secret:
        return self._secret(request.name).message

    async def _add_version(self, request: api.AddSecretVersionRequest) -> resources.SecretVersion:
        stored = self._secret(request.parent)
        data: bytes = request.payload.data
        if not 0 < len(data) <= _LARGEST_BYTES:
            raise invalid("Secret payload must be between 1 and 65536 bytes.")
        checked = "data_crc32c" in request.payload
        if checked and request.payload.data_crc32c != google_crc32c.value(data):
            raise invalid("The payload's data_crc32c does not match its data.")
        return self._add(stored, data, is_checked=checked).shown()

    async def _access(
        self, request: api.AccessSecretVersionRequest
    ) -> api.AccessSecretVersionResponse:
        version = self._version(request.name)
        if version.state != "ENABLED":
            raise _wrong_state(version)
        payload = resources.SecretPayload(
            data=version.payload, data_crc32c=google_crc32c.value(version.payload)
        )
        return api.AccessSecretVersionResponse(name=version.name, payload=payload)

    async def _list_versions(
        self, request: api.ListSecretVersionsRequest
    ) -> api.ListSecretVersionsResponse:
        newest_first = self._secret(request.parent).versions[::-1]
        if request.filter:
            raise invalid("Filters are not known here.")
        start = int(request.page_token) if request.page_token.isdecimal() else 0
        end = start + (request.page_size or 100)
        return api.ListSecretVersionsResponse(
            versions=[version.shown() for version in newest_first[start:end]],
            next_page_token=str(end) if end < len(newest_first) else "",
            total_size=len(newest_first),
        )

    async def _destroy(self, request: api.DestroySecretVersionRequest) -> resources.SecretVersion:
        version = self._living(request.name)
        version.payload = b""
        version.state = "DESTROYED"
        version.destroyed_at = self._now()
        return version.shown()

    async def _disable(self, request: api.DisableSecretVersionRequest) -> resources.SecretVersion:
        version = self._living(request.name)
        version.state = "DISABLED"
        return version.shown()

    async def _enable(self, request: api.EnableSecretVersionRequest) -> resources.SecretVersion:
        version = self._living(request.name)
        version.state = "ENABLED"
        return version.shown()

    def _make(self, secret_id: str, given: resources.Secret) -> _Stored:
        message = resources.Secret(
            given,
            name=f"projects/{PROJECT_NUMBER}/secrets/{secret_id}",
            create_time=self._now(),
        )
        return self._secrets.setdefault(secret_id, _Stored(message=message))

    def _add(self, stored: _Stored, data: bytes, *, is_checked: bool = False) -> _Version:
        version = _Version(
            name=f"{stored.message.name}/versions/{len(stored.versions) + 1}",
            payload=data,
            created_at=self._now(),
            is_checked=is_checked,
        )
        stored.versions.append(version)
        return version

    def _check_project(self, project: str) -> None:
        if project not in self._projects:
            raise RpcFault(
                grpc.StatusCode.PERMISSION_DENIED,
                f"Permission denied on resource project {project}.",
            )

    def _secret(self, name: str) -> _Stored:
        match = _SECRET.fullmatch(name)
        if match is None:
            raise invalid("The resource name must be of the form projects/*/secrets/*.")
        self._check_project(match[1])
        if match[2] not in self._secrets:
            full = f"projects/{PROJECT_NUMBER}/secrets/{match[2]}"
            raise RpcFault(grpc.StatusCode.NOT_FOUND, f"Secret [{full}] not found.")
        return self._secrets[match[2]]

    def _version(self, name: str) -> _Version:
        match = _VERSION.fullmatch(name)
        if match is None:
            raise invalid("The resource name must be of the form projects/*/secrets/*/versions/*.")
        self._check_project(match[1])
        full = f"projects/{PROJECT_NUMBER}/secrets/{match[2]}"
        versions = self._secrets[match[2]].versions if match[2] in self._secrets else []
        if not versions:
            raise RpcFault(
                grpc.StatusCode.NOT_FOUND, f"Secret [{full}] not found or has no versions."
            )
        number = len(versions) if match[3] == "latest" else int(match[3])
        if number > len(versions):
            raise RpcFault(
                grpc.StatusCode.NOT_FOUND, f"Secret Version [{full}/versions/{number}] not found."
            )
        return versions[number - 1]

    def _living(self, name: str) -> _Version:
        """The version, unless it is destroyed: that state is final."""
        version = self._version(name)
        if version.state == "DESTROYED":
            raise _wrong_state(version)
        return version


def _wrong_state(version: _Version) -> RpcFault:
    return RpcFault(
        grpc.StatusCode.FAILED_PRECONDITION,
        f"Secret Version [{version.name}] is in {version.state} state.",
    )
