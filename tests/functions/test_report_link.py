"""report_link as deployed: framework, Firestore, Secret Manager, IAM, Cloud Storage on sockets."""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from time import time

import pytest
import requests
from werkzeug.test import TestResponse

from shared.adapters.firestore.reports import FirestoreReports
from shared.domain.report_link import ReportLink, link_nonce, sign_link
from shared.domain.reports import Report, ReportFile, ReportId
from shared.ports.files import StoredFile
from tests.booked_day import ROLLED_UP_AT
from tests.fakes.clock import ManualClock
from tests.functions.outside import LINK_KEY, Outside
from tests.functions.served import ServedFunction

PDF = b"%PDF-1.7 a report"
REPORT_ID = ReportId("daily-2026-11-27")
REPORT = Report(
    report_id=REPORT_ID,
    period="2026-11-27",
    figures_sha256="ab" * 32,
    as_of=ROLLED_UP_AT,
    files=(
        ReportFile(
            name="daily/2026-11-27/abab/summary.pdf",
            content_type="application/pdf",
            sha256=hashlib.sha256(PDF).hexdigest(),
        ),
    ),
    link_nonce=link_nonce(REPORT_ID, "ab" * 32),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Visitor:
    """Somebody with a link."""

    world: Outside
    function: ServedFunction

    def post(self, token: str) -> TestResponse:
        return self.function.client.post("/", data={"token": token})

    def post_json(self, body: object) -> TestResponse:
        return self.function.client.post("/", json=body)


@pytest.fixture
def visitor(world: Outside) -> Iterator[Visitor]:
    FirestoreReports(world.documents).switch_to(REPORT)
    with world.function("report_link", ManualClock(ROLLED_UP_AT)) as function:
        file = REPORT.files[0]
        function.services.files.put(
            StoredFile(name=file.name, content_type=file.content_type, data=PDF), if_absent=True
        )
        yield Visitor(world=world, function=function)


def a_token(*, hours: float = 24, file_index: int = 0, key: str = LINK_KEY) -> str:
    real_now = datetime.fromtimestamp(time(), tz=UTC)
    link = ReportLink(
        report_id=REPORT_ID,
        file_index=file_index,
        nonce=REPORT.link_nonce,
        expires_at=real_now + timedelta(hours=hours),
    )
    return sign_link(link, key=key)


def test_a_posted_token_leads_to_the_file(visitor: Visitor) -> None:
    answer = visitor.post(a_token())
    assert answer.status_code == 303
    file = requests.get(answer.headers["Location"], timeout=5)
    assert (file.status_code, file.content) == (200, PDF)


def test_a_token_posted_as_json_leads_to_the_file(visitor: Visitor) -> None:
    answer = visitor.post_json({"token": a_token()})
    assert answer.status_code == 303
    assert requests.get(answer.headers["Location"], timeout=5).content == PDF


def test_the_address_of_the_file_is_good_for_fifteen_minutes(visitor: Visitor) -> None:
    location = visitor.post(a_token()).headers["Location"]
    assert "X-Goog-Algorithm=GOOG4-RSA-SHA256" in location
    assert "X-Goog-Expires=900" in location


@pytest.mark.parametrize(
    ("token", "status", "said"),
    [
        ("", 400, "incomplete"),
        ("nonsense", 403, "not valid"),
        ("\u00e9\u00e8", 403, "not valid"),
        (a_token(key="another key, just as long as ours"), 403, "not valid"),
        (a_token()[:-1], 403, "not valid"),
        (a_token(hours=-1), 410, "expired"),
        (a_token(file_index=5), 410, "withdrawn"),
    ],
    ids=["none", "nonsense", "not ASCII", "another key", "cut off", "expired", "no such file"],
)
def test_a_bad_token_is_answered_with_a_page_that_says_why(
    visitor: Visitor, token: str, status: int, said: str
) -> None:
    answer = visitor.post(token)
    assert answer.status_code == status
    assert answer.mimetype == "text/html"
    assert said in answer.text
    assert "Location" not in answer.headers


def test_a_withdrawn_report_opens_no_more(visitor: Visitor) -> None:
    FirestoreReports(visitor.world.documents).switch_to(replace(REPORT, link_nonce="other"))
    answer = visitor.post_json({"token": a_token()})
    assert answer.status_code == 410
    assert "withdrawn" in answer.get_json()["error"]


@pytest.mark.parametrize("body", [{}, [], {"token": 7}, "token"])
def test_json_without_a_token_is_answered_in_json(visitor: Visitor, body: object) -> None:
    answer = visitor.post_json(body)
    assert answer.status_code == 400
    assert "incomplete" in answer.get_json()["error"]


def test_a_large_request_is_refused_unread(visitor: Visitor) -> None:
    assert visitor.post("x" * 5000).status_code == 413


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_other_methods_are_refused(visitor: Visitor, method: str) -> None:
    answer = visitor.function.client.open("/", method=method)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD, POST")


def test_opening_the_page_opens_no_file(visitor: Visitor) -> None:
    answer = visitor.function.client.get("/")
    assert answer.status_code == 200
    assert "Open the report" in answer.text
    assert "Location" not in answer.headers


def test_every_answer_is_kept_by_nobody_and_tells_nobody_where_it_came_from(
    visitor: Visitor,
) -> None:
    for answer in (visitor.function.client.get("/"), visitor.post("x"), visitor.post(a_token())):
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_the_policy_lets_the_pages_own_script_and_style_run_and_nothing_else(
    visitor: Visitor,
) -> None:
    answer = visitor.function.client.get("/")
    policy = answer.headers["Content-Security-Policy"]
    for tag, directive in (("script", "script-src"), ("style", "style-src")):
        found = re.search(f"<{tag}>(.*?)</{tag}>", answer.text)
        assert found is not None
        digest = b64encode(hashlib.sha256(found[1].encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}'" in policy
    assert f"form-action 'self' {visitor.world.urls['storage']}" in policy


def test_a_broken_key_service_is_answered_with_try_again(visitor: Visitor) -> None:
    visitor.world.tell("iam", "POST", "failures", {"status": 503, "times": 9})
    answer = visitor.post(a_token())
    assert answer.status_code == 503
    assert "try again" in answer.text
