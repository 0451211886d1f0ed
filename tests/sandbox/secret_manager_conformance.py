"""What Secret Manager answers, row by row; the stand-in must answer the same.

The data travel as base64 in requests and answers: "c2VzYW1l" is "sesame", CRC32C 3170223709.
"""

from __future__ import annotations

from tests.sandbox.control import Json
from tests.sandbox.rpc import RpcRow
from tests.sandbox.secret_manager import PROJECT_NUMBER

PROJECT_ID = "spreadpilot-conformance"

_DOCS = "https://cloud.google.com/secret-manager/docs"
_RPC = f"{_DOCS}/reference/rpc/google.cloud.secretmanager.v1"
_STATES = "https://github.com/external-secrets/external-secrets/issues/4042"
_LATEST = "https://github.com/google-github-actions/get-secretmanager-secrets/issues/268"
_SECRET = f"projects/{PROJECT_ID}/secrets/key"
_FULL = f"projects/{PROJECT_NUMBER}/secrets/key"
_PAYLOAD: dict[str, Json] = {"data": "c2VzYW1l"}
_REPLICATION: dict[str, Json] = {"replication": {"automatic": {}}}

_CREATE: tuple[str, dict[str, Json]] = (
    "CreateSecret",
    {"parent": f"projects/{PROJECT_ID}", "secret_id": "key", "secret": _REPLICATION},
)
_ADD: tuple[str, dict[str, Json]] = (
    "AddSecretVersion",
    {"parent": _SECRET, "payload": _PAYLOAD},
)
_DISABLE: tuple[str, dict[str, Json]] = ("DisableSecretVersion", {"name": f"{_SECRET}/versions/2"})
_DESTROY: tuple[str, dict[str, Json]] = ("DestroySecretVersion", {"name": f"{_SECRET}/versions/1"})

ROWS: tuple[RpcRow, ...] = (
    RpcRow(
        name="a new secret is answered under its project's number",
        method=_CREATE[0],
        request=_CREATE[1],
        answer={"name": _FULL, **_REPLICATION},
        source=f"{_RPC}#google.cloud.secretmanager.v1.Secret",
    ),
    RpcRow(
        name="a secret is made once",
        before=(_CREATE,),
        method=_CREATE[0],
        request=_CREATE[1],
        code="ALREADY_EXISTS",
        text=f"[{_FULL}] already exists",
        source=f"{_DOCS}/troubleshooting",
    ),
    RpcRow(
        name="a secret needs a replication policy",
        method="CreateSecret",
        request={"parent": f"projects/{PROJECT_ID}", "secret_id": "key", "secret": {}},
        code="INVALID_ARGUMENT",
        source=f"{_RPC}#google.cloud.secretmanager.v1.Replication",
    ),
    RpcRow(
        name="a secret id has letters, digits, hyphens and underscores",
        method="CreateSecret",
        request={**_CREATE[1], "secret_id": "a.b"},
        code="INVALID_ARGUMENT",
        source=f"{_RPC}#google.cloud.secretmanager.v1.CreateSecretRequest",
    ),
    RpcRow(
        name="another project is closed to us",
        method="GetSecret",
        request={"name": "projects/somebody-else/secrets/key"},
        code="PERMISSION_DENIED",
        source=f"{_DOCS}/access-control",
    ),
    RpcRow(
        name="a secret can be looked at by its project's number",
        before=(_CREATE,),
        method="GetSecret",
        request={"name": _FULL},
        answer={"name": _FULL},
        source=f"{_RPC}#google.cloud.secretmanager.v1.GetSecretRequest",
    ),
    RpcRow(
        name="a missing secret is not found",
        method="GetSecret",
        request={"name": _SECRET},
        code="NOT_FOUND",
        text=f"Secret [{_FULL}] not found",
        source="https://cloud.google.com/apis/design/errors",
    ),
    RpcRow(
        name="a version is numbered from one and enabled",
        before=(_CREATE,),
        method=_ADD[0],
        request=_ADD[1],
        answer={
            "name": f"{_FULL}/versions/1",
            "state": "ENABLED",
            "client_specified_payload_checksum": False,
        },
        source=f"{_RPC}#google.cloud.secretmanager.v1.SecretVersion",
    ),
    RpcRow(
        name="a checksum that was sent is confirmed",
        before=(_CREATE,),
        method="AddSecretVersion",
        request={"parent": _SECRET, "payload": {**_PAYLOAD, "data_crc32c": 3170223709}},
        answer={"client_specified_payload_checksum": True},
        source=f"{_DOCS}/data-integrity",
    ),
    RpcRow(
        name="a wrong checksum is refused",
        before=(_CREATE,),
        method="AddSecretVersion",
        request={"parent": _SECRET, "payload": {**_PAYLOAD, "data_crc32c": 1}},
        code="INVALID_ARGUMENT",
        source=f"{_DOCS}/data-integrity (which names no status code)",
    ),
    RpcRow(
        name="a version must not be empty",
        before=(_CREATE,),
        method="AddSecretVersion",
        request={"parent": _SECRET, "payload": {}},
        code="INVALID_ARGUMENT",
        source=f"{_RPC}#google.cloud.secretmanager.v1.AddSecretVersionRequest",
    ),
    RpcRow(
        name="a version holds at most 64 KiB",
        before=(_CREATE,),
        method="AddSecretVersion",
        request={"parent": _SECRET, "payload": {"data": "AAAA" * 21_846}},
        code="INVALID_ARGUMENT",
        source="https://cloud.google.com/secret-manager/quotas",
    ),
    RpcRow(
        name="the latest version is the one added last, with its checksum",
        before=(_CREATE, _ADD, _ADD),
        method="AccessSecretVersion",
        request={"name": f"{_SECRET}/versions/latest"},
        answer={
            "name": f"{_FULL}/versions/2",
            "payload": {**_PAYLOAD, "data_crc32c": "3170223709"},
        },
        source=f"{_RPC}#google.cloud.secretmanager.v1.AccessSecretVersionRequest",
    ),
    RpcRow(
        name="an older version is read by its number",
        before=(_CREATE, _ADD, _ADD),
        method="AccessSecretVersion",
        request={"name": f"{_SECRET}/versions/1"},
        answer={"name": f"{_FULL}/versions/1"},
        source=f"{_RPC}#google.cloud.secretmanager.v1.AccessSecretVersionRequest",
    ),
    RpcRow(
        name="latest does not look past a disabled version",
        before=(_CREATE, _ADD, _ADD, _DISABLE),
        method="AccessSecretVersion",
        request={"name": f"{_SECRET}/versions/latest"},
        code="FAILED_PRECONDITION",
        text=f"Secret Version [{_FULL}/versions/2] is in DISABLED state.",
        source=_STATES,
    ),
    RpcRow(
        name="latest does not look past a destroyed version",
        before=(_CREATE, _ADD, _DESTROY),
        method="AccessSecretVersion",
        request={"name": f"{_SECRET}/versions/latest"},
        code="FAILED_PRECONDITION",
        text=f"Secret Version [{_FULL}/versions/1] is in DESTROYED state.",
        source=_LATEST,
    ),
    RpcRow(
        name="a disabled version can be enabled again",
        before=(_CREATE, _ADD, _ADD, _DISABLE, ("EnableSecretVersion", _DISABLE[1])),
        method="AccessSecretVersion",
        request={"name": f"{_SECRET}/versions/2"},
        source=f"{_DOCS}/enable-secret-version",
    ),
    RpcRow(
        name="a destroyed version stays destroyed",
        before=(_CREATE, _ADD, _DESTROY),
        method="EnableSecretVersion",
        request=_DESTROY[1],
        code="FAILED_PRECONDITION",
        source=f"{_DOCS}/destroy-secret-version",
    ),
    RpcRow(
        name="a secret without versions has no latest",
        before=(_CREATE,),
        method="AccessSecretVersion",
        request={"name": f"{_SECRET}/versions/latest"},
        code="NOT_FOUND",
        text=f"Secret [{_FULL}] not found or has no versions.",
        source=f"{_DOCS}/troubleshooting",
    ),
    RpcRow(
        name="a version that was never added is not found",
        before=(_CREATE, _ADD),
        method="AccessSecretVersion",
        request={"name": f"{_SECRET}/versions/2"},
        code="NOT_FOUND",
        text=f"Secret Version [{_FULL}/versions/2] not found.",
        source=f"{_DOCS}/troubleshooting",
    ),
    RpcRow(
        name="a name that is no version name is refused",
        method="AccessSecretVersion",
        request={"name": _SECRET},
        code="INVALID_ARGUMENT",
        source=f"{_RPC}#google.cloud.secretmanager.v1.AccessSecretVersionRequest",
    ),
    RpcRow(
        name="versions are listed newest first, page by page",
        before=(_CREATE, _ADD, _ADD, _ADD),
        method="ListSecretVersions",
        request={"parent": _SECRET, "page_size": 1, "page_token": "1"},
        answer={
            "versions": [{"name": f"{_FULL}/versions/2"}],
            "next_page_token": "2",
            "total_size": 3,
        },
        source=f"{_RPC}#google.cloud.secretmanager.v1.ListSecretVersionsResponse",
    ),
)
