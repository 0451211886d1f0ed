"""IAM signBlob: the stand-in against the table, the signer against the stand-in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest
import requests
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from shared.adapters.iam_signer import IamSigner
from shared.domain.errors import AdapterError
from tests.sandbox import iam_credentials
from tests.sandbox.conformance import Row, check
from tests.sandbox.google_credentials import sandbox_credentials
from tests.sandbox.iam_credentials import SANDBOX_ACCOUNT, SigningKeys
from tests.sandbox.iam_credentials_conformance import CONFORMANCE
from tests.sandbox.serving import serve_in_thread


@pytest.fixture(scope="module")
def keys() -> SigningKeys:
    return SigningKeys()


@pytest.fixture(scope="module")
def server(keys: SigningKeys) -> Iterator[str]:
    with serve_in_thread(iam_credentials.create_app(keys)) as base_url:
        yield base_url


@pytest.fixture
def base_url(server: str) -> str:
    requests.post(f"{server}/_sandbox/reset", timeout=5).raise_for_status()
    return server


def _signer(
    base_url: str, *, account: str = SANDBOX_ACCOUNT, bearer: str = "sandbox-token"
) -> IamSigner:
    return IamSigner(
        credentials=sandbox_credentials(bearer),
        service_account_email=account,
        base_url=base_url,
        sleep=lambda _seconds: None,
    )


def _refused(signer: IamSigner) -> AdapterError:
    with closing(signer), pytest.raises(AdapterError) as caught:
        signer.sign_bytes(b"sign me")
    return caught.value


def _fail(base_url: str, times: int) -> None:
    requests.post(
        f"{base_url}/_sandbox/failures", json={"status": 503, "times": times}, timeout=5
    ).raise_for_status()


@pytest.mark.parametrize("row", CONFORMANCE, ids=lambda row: row.name)
def test_the_stand_in_answers_as_google_does(row: Row, base_url: str) -> None:
    check(row, base_url)


def test_a_signature_verifies_with_the_accounts_public_key(
    base_url: str, keys: SigningKeys
) -> None:
    with closing(_signer(base_url)) as signer:
        signature = signer.sign_bytes(b"sign me")
        assert signer.signer_email == SANDBOX_ACCOUNT
        assert signer.signer is signer
    keys.public_keys[SANDBOX_ACCOUNT].verify(
        signature, b"sign me", padding.PKCS1v15(), hashes.SHA256()
    )


def test_signing_for_another_account_is_final(base_url: str) -> None:
    error = _refused(_signer(base_url, account="other@example.iam.gserviceaccount.com"))
    assert not error.retryable
    assert "iam.serviceAccounts.signBlob" in str(error)


def test_a_token_that_cannot_be_renewed_is_final(base_url: str) -> None:
    assert not _refused(_signer(base_url, bearer="stale")).retryable


def test_a_passing_failure_is_signed_over(base_url: str) -> None:
    _fail(base_url, times=2)
    with closing(_signer(base_url)) as signer:
        assert len(signer.sign_bytes(b"sign me")) == 256


def test_a_lasting_failure_is_retryable(base_url: str) -> None:
    _fail(base_url, times=3)
    assert _refused(_signer(base_url)).retryable


def test_nobody_listening_is_retryable() -> None:
    assert _refused(_signer("http://127.0.0.1:9")).retryable
