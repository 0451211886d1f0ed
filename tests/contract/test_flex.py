"""The Flex Web Service: the stand-in against the table, the adapter against the stand-in."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

import pytest
import requests
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from shared.adapters.flex import FlexStatements
from shared.domain.broker_statement import OptionEventKind, StatementRef, TradeLevel
from shared.domain.errors import AdapterError, NotFound
from shared.domain.followers import LoginId
from shared.domain.spreads import Side
from shared.ports.broker_statements import (
    StatementPending,
    StatementRefused,
    TooManyStatementRequests,
    UnknownStatementQuery,
    UnusableStatementToken,
)
from tests.sandbox import flex
from tests.sandbox.conformance import Row, check
from tests.sandbox.control import Json
from tests.sandbox.flex_conformance import CONFORMANCE, DAY, EXPIRED, QUERY, TOKEN, UNKNOWN
from tests.sandbox.flex_rendering import render
from tests.sandbox.serving import serve_in_thread

_ACCOUNT: Json = {
    "account_id": "DU0000001",
    "trades": [
        {
            "exec_id": "00020057.69b23d39.02.01",
            "trade_id": "1786699376",
            "order_id": "726326436",
            "order_ref": "SP-ABC",
            "contract": "QQQ   261127P00585000",
            "side": "BUY",
            "quantity": "5",
            "price": "1.1",
            "commission": "1.0439432",
            "at": "2026-11-27T14:30:03+00:00",
        },
        {
            "exec_id": "",
            "trade_id": "1792882249",
            "order_id": "10675823111",
            "contract": "QQQ   261127P00585000",
            "kind": "BookTrade",
            "notes": "Ep",
            "side": "SELL",
            "quantity": "5",
            "price": "0",
            "commission": "0",
            "at": "2026-11-27T21:20:00+00:00",
        },
    ],
    "option_events": [
        {"contract": "QQQ   261127P00585000", "kind": "Expiration", "quantity": "-5"}
    ],
    "positions": [{"contract": "QQQ", "quantity": "100"}],
    "cash_transactions": [
        {"kind": "Deposits/Withdrawals", "amount": "25000"},
        {"kind": "Dividends", "amount": "3", "currency": "EUR"},
    ],
}


class Clock:
    """Machine time that passes only while the adapter waits."""

    def __init__(self) -> None:
        self.seconds = 1000.0
        self.waited: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.seconds += seconds


class Secrets:
    """Two secrets."""

    def read(self, name: str) -> str:
        values = {"flex-1": f"{TOKEN}\n", "flex-old": EXPIRED, "flex-odd": UNKNOWN}
        if name not in values:
            raise NotFound("secret manager", f"no secret {name}")
        return values[name]


class World:
    """A stand-in with machine time of the test's own, and an adapter on it."""

    def __init__(self, base_url: str, clock: Clock) -> None:
        self.base_url = base_url
        self.clock = clock

    def put(self, day: str = DAY) -> None:
        document = {
            "session_date": day,
            "when_generated": "2026-11-28T07:10:00+00:00",
            "accounts": [_ACCOUNT],
        }
        path = f"{self.base_url}/_sandbox/statements/{TOKEN}/{QUERY}"
        requests.put(path, json=document, timeout=5).raise_for_status()

    def fail(self, status: int, times: int = 1) -> None:
        path = f"{self.base_url}/_sandbox/failures"
        requests.post(path, json={"status": status, "times": times}, timeout=5).raise_for_status()

    def counters(self) -> dict[str, int]:
        found: dict[str, int] = requests.get(f"{self.base_url}/_sandbox/counters", timeout=5).json()
        return {name.rpartition("/")[2]: count for name, count in found.items()}

    def adapter(self, *, user_agent: str = "Python/3.13", base_url: str = "") -> FlexStatements:
        return FlexStatements(
            secrets=Secrets(),
            user_agent=user_agent,
            base_url=base_url or f"{self.base_url}{flex.PATH}",
            sleep=self.clock.sleep,
        )


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def world(clock: Clock) -> Iterator[World]:
    app = flex.create_app(
        expired_tokens=frozenset({EXPIRED}), looks=2, monotonic=lambda: clock.seconds
    )
    with serve_in_thread(app) as base_url:
        yield World(base_url, clock)


@pytest.fixture(scope="module")
def table_url() -> Iterator[str]:
    ticks = iter(range(0, 10_000_000, 7))
    app = flex.create_app(expired_tokens=frozenset({EXPIRED}), monotonic=lambda: float(next(ticks)))
    with serve_in_thread(app) as base_url:
        yield base_url


def _ref(name: str = "flex-1", query: str = QUERY) -> StatementRef:
    return StatementRef(login_id=LoginId("login-1"), token_secret=name, query_id=query)


@pytest.mark.parametrize("row", CONFORMANCE, ids=lambda row: row.name)
def test_the_stand_in_answers_as_the_service_does(row: Row, table_url: str) -> None:
    requests.post(f"{table_url}/_sandbox/reset", timeout=5).raise_for_status()
    check(row, table_url)


def test_the_stand_in_admits_one_request_a_second_and_ten_a_minute(world: World) -> None:
    world.put()
    path = f"{world.base_url}{flex.PATH}/SendRequest?t={TOKEN}&q={QUERY}&v=3"

    def ask(after: float) -> bool:
        world.clock.seconds += after
        return "1018" not in requests.get(path, timeout=5).text

    assert [ask(0), ask(0.9)] == [True, False]
    assert [ask(1) for _ in range(10)] == [*[True] * 9, False]
    assert ask(60)


def test_a_reference_code_may_be_used_again_but_not_with_another_token(world: World) -> None:
    world.put()
    base = f"{world.base_url}{flex.PATH}"
    text = requests.get(f"{base}/SendRequest?t={TOKEN}&q={QUERY}&v=3", timeout=5).text
    code = text.partition("<ReferenceCode>")[2].partition("<")[0]
    answers = []
    for _ in range(4):
        world.clock.seconds += 5
        url = f"{base}/GetStatement?t={TOKEN}&q={code}&v=3"
        answers.append("FlexQueryResponse" in requests.get(url, timeout=5).text)
    assert answers == [False, False, True, True]


def test_a_statement_is_asked_for_once_and_fetched_when_it_is_made(world: World) -> None:
    world.put()
    statement = world.adapter().fetch(_ref(), DAY)
    assert world.counters() == {"SendRequest": 1, "GetStatement": 3}
    assert world.clock.waited == [2.0, 5.0, 10.0]
    (account,) = statement.accounts
    assert (account.account_id, account.from_date, account.to_date) == ("DU0000001", DAY, DAY)
    assert account.generated_at == datetime(2026, 11, 28, 7, 10, tzinfo=UTC)
    assert [one.quantity for one in account.positions] == [100]
    assert [(one.kind, one.amount) for one in account.cash_transactions] == [
        ("Deposits/Withdrawals", Decimal(25000))
    ]


def test_a_trade_is_read_in_our_words(world: World) -> None:
    world.put()
    trade, booking = world.adapter().fetch(_ref(), DAY).accounts[0].trades
    assert trade.broker_exec_id == "00020057.69b23d39.02.01"
    assert trade.order_ref == "SP-ABC"
    assert trade.contract_key == "QQQ-2026-11-27-P-585"
    assert (trade.side, trade.quantity, trade.price) == (Side.BUY, Decimal(5), Decimal("1.1"))
    assert trade.fee == Decimal("1.043943")  # half up to the micro
    assert trade.executed_at == datetime(2026, 11, 27, 14, 30, 3, tzinfo=UTC)
    assert (trade.session_date, trade.multiplier) == (DAY, 100)
    assert (trade.level, trade.event) == (TradeLevel.EXECUTION, None)
    assert booking.event is OptionEventKind.EXPIRATION


def test_of_several_sessions_the_one_asked_for_is_fetched(world: World) -> None:
    world.put("2026-11-30")
    world.put("2026-11-25")
    assert world.adapter().fetch(_ref(), "2026-11-25").covers("2026-11-25")


@pytest.mark.parametrize(
    ("ref", "kind", "words"),
    [
        (_ref("flex-old"), UnusableStatementToken, "1012: the token has expired: make a new one"),
        (_ref("flex-odd"), UnusableStatementToken, "1015: the token is invalid"),
        (_ref(query="9"), UnknownStatementQuery, "1014: no such query"),
    ],
)
def test_what_must_be_put_right_is_final_and_says_how(
    world: World, ref: StatementRef, kind: type[AdapterError], words: str
) -> None:
    world.put()
    with pytest.raises(kind, match=words) as caught:
        world.adapter().fetch(ref, DAY)
    assert not caught.value.retryable
    assert world.counters() == {"SendRequest": 1}


def test_a_session_without_a_statement_is_pending(world: World) -> None:
    world.put()
    with pytest.raises(StatementPending, match="1003"):
        world.adapter().fetch(_ref(), "2026-11-30")


@pytest.mark.parametrize("code", [1001, 1004, 1005, 1006, 1007, 1008, 1009])
def test_a_busy_service_is_pending_and_not_asked_again_at_once(world: World, code: int) -> None:
    world.put()
    world.fail(code)
    with pytest.raises(StatementPending, match=str(code)) as caught:
        world.adapter().fetch(_ref(), DAY)
    assert caught.value.retryable
    assert caught.value.retry_after_seconds == 900
    assert world.counters() == {"SendRequest": 1}


def test_too_many_requests_are_retryable_after_a_minute(world: World) -> None:
    world.put()
    world.fail(1018)
    with pytest.raises(TooManyStatementRequests) as caught:
        world.adapter().fetch(_ref(), DAY)
    assert (caught.value.retryable, caught.value.retry_after_seconds) == (True, 60)


@pytest.mark.parametrize("code", [1010, 1011, 1013, 1016, 1017, 1020, 1025])
def test_every_other_refusal_is_final(world: World, code: int) -> None:
    world.put()
    world.fail(code)
    with pytest.raises(StatementRefused, match=f"{code}: ") as caught:
        world.adapter().fetch(_ref(), DAY)
    assert not caught.value.retryable


def test_a_statement_that_is_never_made_is_pending_after_a_bounded_wait() -> None:
    clock = Clock()
    app = flex.create_app(looks=99, monotonic=lambda: clock.seconds)
    with serve_in_thread(app) as slow_url:
        slow = World(slow_url, clock)
        slow.put()
        with pytest.raises(StatementPending, match="not made within 97 s"):
            slow.adapter().fetch(_ref(), DAY)
        assert slow.counters() == {"SendRequest": 1, "GetStatement": 6}


@pytest.mark.parametrize(("status", "retryable"), [(503, True), (429, True), (404, False)])
def test_an_http_failure_says_whether_to_try_again(
    world: World, status: int, retryable: bool
) -> None:
    world.put()
    world.fail(status)
    with pytest.raises(AdapterError, match=f"HTTP {status}") as caught:
        world.adapter().fetch(_ref(), DAY)
    assert caught.value.retryable is retryable


def test_nobody_listening_is_retryable(world: World) -> None:
    with pytest.raises(AdapterError, match="ConnectionRefusedError") as caught:
        world.adapter(base_url="http://127.0.0.1:9").fetch(_ref(), DAY)
    assert caught.value.retryable


def test_a_missing_secret_is_named(world: World) -> None:
    with pytest.raises(NotFound, match="flex-none"):
        world.adapter().fetch(_ref("flex-none"), DAY)


def test_without_a_user_agent_the_service_refuses(world: World) -> None:
    world.put()
    with pytest.raises(StatementRefused, match="1020"):
        world.adapter(user_agent="").fetch(_ref(), DAY)


@pytest.mark.parametrize("status", [1015, 503, 1019])
def test_the_token_is_in_no_error_and_no_log(
    world: World, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    world.put()
    world.fail(status)
    with pytest.raises(AdapterError) as caught:
        world.adapter().fetch(_ref(), DAY)
    assert TOKEN not in "".join(traceback.format_exception(caught.value))
    ours = [one.getMessage() for one in caplog.records if "urllib3" not in one.name]
    assert not any(TOKEN in message for message in ours)


def test_the_token_is_not_sent_where_ibkr_is_not(world: World) -> None:
    with pytest.raises(StatementRefused, match=r"fetched from statements\.example: not IBKR"):
        _fetch_scripted(world, "https://statements.example/GetStatement", Response("unused"))


def test_a_redirect_is_not_followed(world: World) -> None:
    elsewhere = Response(status_code=302, headers={"Location": "https://statements.example/"})
    with pytest.raises(AdapterError, match="HTTP 302") as caught:
        _fetch_scripted(world, None, elsewhere)
    assert not caught.value.retryable


def test_a_statement_of_another_day_is_pending(world: World) -> None:
    document: dict[str, Json] = {
        "session_date": "2026-11-25",
        "when_generated": "2026-11-28T07:10:00+00:00",
        "accounts": [_ACCOUNT],
    }
    with pytest.raises(StatementPending, match=f"does not reach {DAY} yet"):
        _fetch_scripted(world, None, Response(render(document)))


def test_a_statement_that_is_cut_off_may_be_tried_again(world: World) -> None:
    with pytest.raises(AdapterError, match="no complete XML in 19 bytes") as caught:
        _fetch_scripted(world, None, Response("<FlexQueryResponse>"))
    assert caught.value.retryable


def _fetch_scripted(world: World, url: str | None, statement: Response) -> None:
    """Fetch from a server that accepts everything and hands over what it is told to."""

    async def accept(request: Request) -> Response:
        where = url or f"http://{request.url.netloc}/GetStatement"
        return Response(
            "<FlexStatementResponse><Status>Success</Status><ReferenceCode>1</ReferenceCode>"
            f"<Url>{where}</Url></FlexStatementResponse>"
        )

    async def hand_over(_request: Request) -> Response:
        return statement

    routes = [Route("/SendRequest", accept), Route("/GetStatement", hand_over)]
    with serve_in_thread(Starlette(routes=routes)) as base_url:
        world.adapter(base_url=base_url).fetch(_ref(), DAY)
