from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.errors import InvalidInput
from shared.domain.report_link import (
    MAX_TOKEN_LENGTH,
    LinkRefusal,
    ReportLink,
    link_nonce,
    linked_file,
    read_link,
    sign_link,
)
from shared.domain.reports import Report, ReportFile, daily_report_id

KEY = "a key of at least thirty-two bytes"
NOW = datetime(2026, 11, 27, 21, 31, tzinfo=UTC)
REPORT = Report(
    report_id=daily_report_id("2026-11-27"),
    period="2026-11-27",
    figures_sha256="ab" * 32,
    as_of=NOW,
    files=(
        ReportFile(name="daily/x/summary.pdf", content_type="application/pdf", sha256="00"),
        ReportFile(name="daily/x/summary.xlsx", content_type="application/x", sha256="11"),
    ),
    link_nonce=link_nonce(daily_report_id("2026-11-27"), "ab" * 32),
)
LINK = ReportLink(
    report_id=REPORT.report_id,
    file_index=1,
    nonce=REPORT.link_nonce,
    expires_at=NOW + timedelta(hours=24),
)
TOKEN = sign_link(LINK, key=KEY)


def test_a_token_is_read_back_as_it_was_signed() -> None:
    assert read_link(TOKEN, key=KEY, now=NOW) == LINK


def test_a_token_needs_no_escaping_in_an_address() -> None:
    assert set(TOKEN) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")
    assert len(TOKEN) < MAX_TOKEN_LENGTH


def test_the_same_link_gives_the_same_token() -> None:
    assert sign_link(LINK, key=KEY) == TOKEN


@given(st.integers(0, len(TOKEN) - 1), st.characters(codec="utf-8"))
def test_any_changed_character_makes_it_altered(place: int, character: str) -> None:
    forged = TOKEN[:place] + character + TOKEN[place + 1 :]
    if forged != TOKEN:
        assert read_link(forged, key=KEY, now=NOW) is LinkRefusal.ALTERED


@given(st.text())
def test_no_text_that_we_did_not_sign_is_read(text: str) -> None:
    assert read_link(text, key=KEY, now=NOW) is LinkRefusal.ALTERED


@pytest.mark.parametrize(
    "forged",
    ["", ".", TOKEN + "=", TOKEN + ".", TOKEN[:-1], " " + TOKEN, TOKEN + "a" * 2000],
)
def test_another_spelling_of_the_token_is_altered(forged: str) -> None:
    assert read_link(forged, key=KEY, now=NOW) is LinkRefusal.ALTERED


def test_a_token_of_another_key_is_altered() -> None:
    assert read_link(TOKEN, key=KEY[::-1], now=NOW) is LinkRefusal.ALTERED


@pytest.mark.parametrize(
    ("hours", "expected"),
    [(23.999, LINK), (24, LinkRefusal.EXPIRED), (1000, LinkRefusal.EXPIRED)],
)
def test_a_token_ends_at_its_hour(hours: float, expected: ReportLink | LinkRefusal) -> None:
    assert read_link(TOKEN, key=KEY, now=NOW + timedelta(hours=hours)) == expected


def test_an_altered_token_is_altered_even_when_it_is_old() -> None:
    late = NOW + timedelta(days=9)
    assert read_link(TOKEN[:-2] + "AA", key=KEY, now=late) is LinkRefusal.ALTERED


@pytest.mark.parametrize("key", ["", "too short", "x" * 31])
def test_a_key_too_short_to_be_secret_is_refused(key: str) -> None:
    with pytest.raises(InvalidInput, match="at least 32"):
        sign_link(LINK, key=key)
    with pytest.raises(InvalidInput, match="at least 32"):
        read_link(TOKEN, key=key, now=NOW)


def test_a_link_opens_the_file_it_names() -> None:
    assert linked_file(LINK, REPORT) == REPORT.files[1]


@pytest.mark.parametrize(
    ("link", "report"),
    [
        (LINK, None),
        (LINK, replace(REPORT, link_nonce="another")),
        (replace(LINK, file_index=2), REPORT),
        (replace(LINK, file_index=-1), REPORT),
    ],
    ids=["no report", "another nonce", "no such file", "negative file"],
)
def test_a_link_to_what_is_gone_is_revoked(link: ReportLink, report: Report | None) -> None:
    assert linked_file(link, report) is LinkRefusal.REVOKED


def test_new_figures_give_a_new_nonce() -> None:
    assert link_nonce(REPORT.report_id, "cd" * 32) != REPORT.link_nonce
