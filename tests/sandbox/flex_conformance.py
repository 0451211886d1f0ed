"""What the Flex Web Service answers, row by row."""

from __future__ import annotations

from tests.sandbox.conformance import Row
from tests.sandbox.control import Json
from tests.sandbox.flex import MESSAGES, PATH

TOKEN, QUERY = "610021845379204116355823", "1154321"
EXPIRED, UNKNOWN = "610021845379204116355824", "610021845379204116355825"
DAY = "2026-11-27"
_GUIDE = "https://www.ibkrguides.com/clientportal/performanceandstatements/flex3.htm"
_ERRORS = "https://www.ibkrguides.com/clientportal/performanceandstatements/flex3error.htm"
_LOCKED = f"not in {_ERRORS}; quoted by clients that met it"
_STATEMENT: Json = {
    "session_date": DAY,
    "when_generated": "2026-11-28T07:10:00+00:00",
    "accounts": [{"account_id": "DU0000001"}],
}
_PUT = ("PUT", f"/_sandbox/statements/{TOKEN}/{QUERY}", _STATEMENT)


def send_request(*, token: str = TOKEN, query: str = QUERY, rest: str = "&v=3") -> str:
    return f"GET {PATH}/SendRequest?t={token}&q={query}{rest}"


def row(
    name: str,
    request: str,
    text: str,
    *,
    source: str = _ERRORS,
    headers: dict[str, str] | None = None,
    failure: int | None = None,
    status: int = 200,
) -> Row:
    queued = () if failure is None else (("POST", "/_sandbox/failures", {"status": failure}),)
    return Row(
        name=name,
        request=request,
        status=status,
        text=text,
        headers=headers or {},
        before=(_PUT, *queued),
        source=source,
    )


def refusal(code: int, status: str = "Fail") -> str:
    return (
        f"<Status>{status}</Status>\n<ErrorCode>{code}</ErrorCode>\n"
        f"<ErrorMessage>{MESSAGES[code]}</ErrorMessage>"
    )


CONFORMANCE: tuple[Row, ...] = (
    row("a request is accepted", send_request(), "<Status>Success</Status>", source=_GUIDE),
    row("it names where to look", send_request(), f"{PATH}/GetStatement</Url>", source=_GUIDE),
    row(
        "a request for one day is accepted",
        send_request(rest="&fd=20261127&td=20261127&v=3"),
        "<ReferenceCode>",
        source="https://www.ibkrguides.com/brokerportal/performanceandstatements/flex3.htm",
    ),
    row(
        "a day of which there is no statement",
        send_request(rest="&fd=20261130&td=20261130&v=3"),
        refusal(1003),
    ),
    row(
        "a period of several days",
        send_request(rest="&fd=20261125&td=20261127&v=3"),
        refusal(1020),
        source=f"{_GUIDE} (stricter)",
    ),
    row("an unknown token", send_request(token=UNKNOWN), refusal(1015)),
    row("an expired token", send_request(token=EXPIRED), refusal(1012)),
    row("an unknown query", send_request(query="1"), refusal(1014)),
    row("no token", f"GET {PATH}/SendRequest?q={QUERY}&v=3", refusal(1020)),
    row("no query", f"GET {PATH}/SendRequest?t={TOKEN}&v=3", refusal(1020)),
    row(
        "version 2, which is switched off",
        send_request(rest="&v=2"),
        refusal(1001),
        source="https://github.com/csingley/ibflex/issues/107",
    ),
    row(
        "no version, which means version 2",
        send_request(rest=""),
        refusal(1001),
        source=f"{_GUIDE} and https://github.com/csingley/ibflex/issues/107",
    ),
    row(
        "no user agent",
        send_request(),
        refusal(1020),
        headers={"User-Agent": ""},
        source=f"{_GUIDE} (stricter: what it answers is not written)",
    ),
    row("an unknown reference code", f"GET {PATH}/GetStatement?t={TOKEN}&q=1&v=3", refusal(1017)),
    *(
        row(f"error {code}", send_request(), refusal(code), failure=code)
        for code in MESSAGES
        if code not in (1019, 1025)
    ),
    row("in progress", send_request(), refusal(1019, "Warn"), failure=1019),
    row("locked", send_request(), refusal(1025), failure=1025, source=_LOCKED),
    row("out of order", send_request(), "", failure=503, status=503, source=_GUIDE),
)
