"""Cloud Storage: the stand-in against the table, the adapter against both stand-ins."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from time import time

import pytest
import requests

from shared.adapters.cloud_storage import CloudStorageFiles
from shared.domain.errors import AdapterError, Conflict, InvalidInput, NotFound
from shared.ports.files import StoredFile
from tests.sandbox import cloud_storage, iam_credentials
from tests.sandbox.cloud_storage_conformance import CONFORMANCE, NOW
from tests.sandbox.conformance import Row, check
from tests.sandbox.control import Json
from tests.sandbox.google_credentials import sandbox_credentials
from tests.sandbox.iam_credentials import SANDBOX_ACCOUNT, SigningKeys
from tests.sandbox.serving import serve_in_thread

_NAME = "statements/2026-08/anna rossi.pdf"
_FILE = StoredFile(name=_NAME, content_type="application/pdf", data=b"%PDF-1.7 one")
_OTHER = StoredFile(name=_NAME, content_type="application/pdf", data=b"%PDF-1.7 two")


class _MachineTime:
    """Real time, which the client library signs by, and how far the server is ahead of it."""

    ahead = timedelta()
    fixed: datetime | None = None

    def __call__(self) -> datetime:
        return self.fixed or datetime.fromtimestamp(time(), tz=UTC) + self.ahead


_machine_time = _MachineTime()


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[str, str]]:
    keys = SigningKeys()
    app = cloud_storage.create_app(public_keys=keys.public_keys, utc_now=_machine_time)
    with serve_in_thread(app) as storage, serve_in_thread(iam_credentials.create_app(keys)) as iam:
        yield storage, iam


@pytest.fixture
def base_url(servers: tuple[str, str]) -> str:
    _tell(servers[0], "reset")
    _machine_time.ahead, _machine_time.fixed = timedelta(), None
    return servers[0]


@pytest.fixture
def files(base_url: str, servers: tuple[str, str]) -> Iterator[CloudStorageFiles]:
    with closing(_files(base_url, servers[1])) as opened:
        yield opened


def _files(base_url: str, iam: str, bearer: str = "sandbox-token") -> CloudStorageFiles:
    return CloudStorageFiles(
        bucket="spreadpilot-reports",
        project="spreadpilot-sandbox",
        credentials=sandbox_credentials(bearer),
        service_account_email=SANDBOX_ACCOUNT,
        base_url=base_url,
        iam_credentials_url=iam,
        sleep=lambda _seconds: None,
    )


def _tell(base_url: str, path: str, document: Json = None) -> None:
    requests.post(f"{base_url}/_sandbox/{path}", json=document, timeout=5).raise_for_status()


def _stored(base_url: str) -> list[dict[str, Json]]:
    found: list[dict[str, Json]] = requests.get(f"{base_url}/_sandbox/objects", timeout=5).json()
    return found


def _generation(base_url: str) -> Json:
    (stored,) = _stored(base_url)
    return stored["generation"]


@pytest.mark.parametrize("row", CONFORMANCE, ids=lambda row: row.name)
def test_the_stand_in_answers_as_google_does(row: Row, base_url: str) -> None:
    _machine_time.fixed = NOW
    check(row, base_url)


def test_a_file_comes_back_as_it_was_stored(files: CloudStorageFiles) -> None:
    files.put(_FILE, if_absent=True)
    assert files.get(_NAME) == _FILE.data


def test_a_large_file_travels_in_chunks(files: CloudStorageFiles, base_url: str) -> None:
    large = StoredFile(name="large.bin", content_type="application/x", data=bytes(9 * 2**20) + b"x")
    files.put(large, if_absent=True)
    assert files.get("large.bin") == large.data
    assert _stored(base_url) == [
        {
            "bucket": "spreadpilot-reports",
            "name": "large.bin",
            "generation": 1,
            "size": 9 * 2**20 + 1,
        }
    ]


def test_the_same_file_again_changes_nothing(files: CloudStorageFiles, base_url: str) -> None:
    files.put(_FILE, if_absent=True)
    files.put(_FILE, if_absent=True)
    assert _generation(base_url) == 1


def test_other_content_under_the_same_name_is_a_conflict(files: CloudStorageFiles) -> None:
    files.put(_FILE, if_absent=True)
    with pytest.raises(Conflict):
        files.put(_OTHER, if_absent=True)
    assert files.get(_NAME) == _FILE.data


def test_a_file_is_replaced_where_that_is_asked(files: CloudStorageFiles, base_url: str) -> None:
    files.put(_FILE, if_absent=False)
    files.put(_OTHER, if_absent=False)
    assert files.get(_NAME) == _OTHER.data
    assert _generation(base_url) == 2


def test_a_missing_file_is_named(files: CloudStorageFiles) -> None:
    with pytest.raises(NotFound, match=r"No such object: spreadpilot-reports/statements/none"):
        files.get("statements/none")


def test_a_passing_failure_is_worked_over(files: CloudStorageFiles, base_url: str) -> None:
    _tell(base_url, "failures", {"status": 503, "times": 2})
    files.put(_FILE, if_absent=True)
    _tell(base_url, "failures", {"status": 429, "times": 2})
    assert files.get(_NAME) == _FILE.data


def test_a_lasting_failure_is_retryable(files: CloudStorageFiles, base_url: str) -> None:
    _tell(base_url, "failures", {"status": 500, "times": 3})
    with pytest.raises(AdapterError) as caught:
        files.get(_NAME)
    assert caught.value.retryable


def test_nobody_listening_is_retryable() -> None:
    with (
        closing(_files("http://127.0.0.1:9", "http://127.0.0.1:9")) as files,
        pytest.raises(AdapterError) as caught,
    ):
        files.put(_FILE, if_absent=True)
    assert caught.value.retryable


def test_a_token_that_cannot_be_renewed_is_final(base_url: str) -> None:
    with (
        closing(_files(base_url, base_url, bearer="stale")) as files,
        pytest.raises(AdapterError) as caught,
    ):
        files.put(_FILE, if_absent=True)
    assert not caught.value.retryable


def test_a_signed_link_opens_the_file_without_a_token(files: CloudStorageFiles) -> None:
    files.put(_FILE, if_absent=True)
    answer = requests.get(files.signed_url(_NAME, lifetime_seconds=900), timeout=5)
    assert answer.status_code == 200
    assert answer.content == _FILE.data
    assert answer.headers["Content-Type"] == "application/pdf"


def test_a_signed_link_to_nothing_finds_nothing(files: CloudStorageFiles) -> None:
    answer = requests.get(files.signed_url("none.pdf", lifetime_seconds=900), timeout=5)
    assert answer.status_code == 404
    assert "<Code>NoSuchKey</Code>" in answer.text


def test_a_signed_link_ends_with_its_lifetime(files: CloudStorageFiles) -> None:
    files.put(_FILE, if_absent=True)
    url = files.signed_url(_NAME, lifetime_seconds=900)
    _machine_time.ahead = timedelta(seconds=890)
    assert requests.get(url, timeout=5).status_code == 200
    _machine_time.ahead = timedelta(seconds=900)
    answer = requests.get(url, timeout=5)
    assert answer.status_code == 400
    assert "<Code>ExpiredToken</Code>" in answer.text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("anna%20rossi", "bruno%20neri"),
        ("X-Goog-Expires=900", "X-Goog-Expires=9000"),
        ("X-Goog-Signature=", "X-Goog-Signature=ff"),
        ("?X-Goog-Algorithm", "?response-content-type=text/html&X-Goog-Algorithm"),
    ],
)
def test_a_signed_link_that_was_tampered_with_opens_nothing(
    files: CloudStorageFiles, before: str, after: str
) -> None:
    files.put(_FILE, if_absent=True)
    url = files.signed_url(_NAME, lifetime_seconds=900)
    assert before in url
    answer = requests.get(url.replace(before, after), timeout=5)
    assert answer.status_code == 403
    assert "<Code>SignatureDoesNotMatch</Code>" in answer.text


def test_a_signed_link_serves_reading_only(files: CloudStorageFiles) -> None:
    url = files.signed_url(_NAME, lifetime_seconds=900)
    assert requests.put(url, data=b"x", timeout=5).status_code == 404
    assert requests.head(url, timeout=5).status_code == 403


@pytest.mark.parametrize("lifetime_seconds", [0, -1, 12 * 60 * 60 + 1])
def test_a_lifetime_the_key_may_not_survive_is_refused(
    files: CloudStorageFiles, lifetime_seconds: int
) -> None:
    with pytest.raises(InvalidInput, match="lifetime_seconds"):
        files.signed_url(_NAME, lifetime_seconds=lifetime_seconds)


def test_listing_pages_and_folders(files: CloudStorageFiles, base_url: str) -> None:
    for name in ("a/1.txt", "a/2.txt", "b/3.txt", "top.txt"):
        files.put(StoredFile(name=name, content_type="text/plain", data=b"x"), if_absent=True)
    url = f"{base_url}/storage/v1/b/spreadpilot-reports/o"
    headers = {"Authorization": "Bearer sandbox-token"}
    folders = requests.get(url, params={"delimiter": "/"}, headers=headers, timeout=5).json()
    assert folders["prefixes"] == ["a/", "b/"]
    assert [item["name"] for item in folders["items"]] == ["top.txt"]
    asked = {"prefix": "a/", "maxResults": "1"}
    first = requests.get(url, params=asked, headers=headers, timeout=5).json()
    assert [item["name"] for item in first["items"]] == ["a/1.txt"]
    asked["pageToken"] = first["nextPageToken"]
    second = requests.get(url, params=asked, headers=headers, timeout=5).json()
    assert [item["name"] for item in second["items"]] == ["a/2.txt"]
    assert "nextPageToken" not in second


def test_generations_never_come_twice(files: CloudStorageFiles, base_url: str) -> None:
    url = f"{base_url}/storage/v1/b/spreadpilot-reports/o/a.txt"
    headers = {"Authorization": "Bearer sandbox-token"}
    file = StoredFile(name="a.txt", content_type="text/plain", data=b"x")
    files.put(file, if_absent=True)
    wrong = requests.delete(url, params={"ifGenerationMatch": "2"}, headers=headers, timeout=5)
    assert wrong.status_code == 412
    same = requests.get(url, params={"ifGenerationNotMatch": "1"}, headers=headers, timeout=5)
    assert same.status_code == 304
    assert requests.delete(url, headers=headers, timeout=5).status_code == 204
    files.put(file, if_absent=True)
    assert _generation(base_url) == 2


def test_a_resumable_upload_says_how_far_it_came(base_url: str) -> None:
    headers = {"Authorization": "Bearer sandbox-token"}
    begun = requests.post(
        f"{base_url}/upload/storage/v1/b/spreadpilot-reports/o?uploadType=resumable",
        headers=headers,
        json={"name": "a.bin"},
        timeout=5,
    )
    url = begun.headers["Location"]
    chunk = bytes(256 * 1024)
    total = len(chunk) + 3

    def put(data: bytes, content_range: str) -> requests.Response:
        asked = {**headers, "Content-Range": content_range}
        return requests.put(url, data=data, headers=asked, timeout=5)

    assert put(b"xyz", "bytes 0-2/*").status_code == 400
    partial = put(chunk, f"bytes 0-{len(chunk) - 1}/*")
    assert (partial.status_code, partial.headers["Range"]) == (308, f"bytes=0-{len(chunk) - 1}")
    assert put(b"", f"bytes */{total}").status_code == 308
    whole = put(b"xyz", f"bytes {len(chunk)}-{total - 1}/{total}")
    assert (whole.status_code, whole.json()["size"]) == (200, str(total))
