"""A stand-in for the European Central Bank's reference rates, as XML files.

`PUT /_sandbox/rates` `{"2026-11-27": "1.0712"}` publishes USD rates (replacing those of the same
days); days on which TARGET is closed are refused, the bank has no rates of them. `DELETE
/_sandbox/rates/2026-11-27` takes one back. The 90-day file ends with the latest day published.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from tests.sandbox.control import Control, Failure

DAILY = "/stats/eurofxref/eurofxref-daily.xml"
NINETY_DAYS = "/stats/eurofxref/eurofxref-hist-90d.xml"

_NINETY = timedelta(days=90)
# https://www.census.gov/data/software/x13as/genhol/easter-dates.html
_EASTER = {
    2024: (3, 31),
    2025: (4, 20),
    2026: (4, 5),
    2027: (3, 28),
    2028: (4, 16),
    2029: (4, 1),
    2030: (4, 21),
    2031: (4, 13),
    2032: (3, 28),
    2033: (4, 17),
}
_RATE = re.compile(r"[0-9]\.[0-9]{4}")
_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01"'
    ' xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">'
    "<gesmes:subject>Reference rates</gesmes:subject>"
    "<gesmes:Sender><gesmes:name>European Central Bank</gesmes:name></gesmes:Sender><Cube>"
)
_TAIL = "</Cube></gesmes:Envelope>"
# Other currencies stand in every day of the file; nothing of ours may take one for USD.
_OTHERS = '/><Cube currency="JPY" rate="171.94"/><Cube currency="GBP" rate="0.84638"/>'


def is_published(day: date) -> bool:
    """Whether the bank publishes on a day: https://www.ecb.europa.eu/paym/target/t2."""
    spring = date(day.year, *_EASTER[day.year])
    closed = {
        date(day.year, 1, 1),
        spring - timedelta(days=2),
        spring + timedelta(days=1),
        date(day.year, 5, 1),
        date(day.year, 12, 25),
        date(day.year, 12, 26),
    }
    return day.isoweekday() <= 5 and day not in closed


def ordinary_rates(last: date, days: int = 90) -> dict[str, str]:
    """Rates near 1.08 for every day of publication up to `last`, the same for the same day."""
    every = (last - timedelta(days=back) for back in range(days))
    return {
        day.isoformat(): f"1.{800 + day.toordinal() * 37 % 100:04d}"
        for day in every
        if is_published(day)
    }


class _Bank:
    def __init__(self, rates: Mapping[str, str]) -> None:
        self._first = dict(rates)
        self._rates = dict(rates)
        self.control = Control(self._reset)

    def _reset(self) -> None:
        self._rates = dict(self._first)

    async def daily(self, _request: Request) -> Response:
        return _xml(self._rates, sorted(self._rates)[-1:])

    async def ninety_days(self, _request: Request) -> Response:
        newest_first = sorted(self._rates, reverse=True)
        since = date.fromisoformat(newest_first[0]) - _NINETY if newest_first else date.min
        return _xml(self._rates, [one for one in newest_first if one >= since.isoformat()])

    async def publish(self, request: Request) -> Response:
        asked: dict[str, str] = await request.json()
        for day, rate in asked.items():
            if not is_published(date.fromisoformat(day)):
                return PlainTextResponse(f"{day}: TARGET is closed", status_code=400)
            if not _RATE.fullmatch(rate):
                return PlainTextResponse(f"{rate}: USD rates have four digits", status_code=400)
        self._rates.update(asked)
        return Response(status_code=204)

    async def take_back(self, request: Request) -> Response:
        self._rates.pop(request.path_params["day"], None)
        return Response(status_code=204)


def create_app(rates: Mapping[str, str] | None = None) -> Starlette:
    """The stand-in, with the rates it starts with and goes back to on a reset."""
    bank = _Bank(rates or {})
    return Starlette(
        routes=[
            Route(DAILY, bank.control.guarded(bank.daily, _failed), methods=["GET"]),
            Route(NINETY_DAYS, bank.control.guarded(bank.ninety_days, _failed), methods=["GET"]),
            Route("/_sandbox/rates", bank.publish, methods=["PUT"]),
            Route("/_sandbox/rates/{day}", bank.take_back, methods=["DELETE"]),
            *bank.control.routes(),
        ],
        exception_handlers={404: _not_found},
    )


def _xml(rates: Mapping[str, str], days: Iterable[str]) -> Response:
    cubes = "".join(
        f'<Cube time="{day}"><Cube currency="USD" rate="{rates[day]}"{_OTHERS}</Cube>'
        for day in days
    )
    return Response(f"{_HEAD}{cubes}{_TAIL}", media_type="text/xml")


def _failed(failure: Failure) -> Response:
    return HTMLResponse("<html><body>Service unavailable</body></html>", failure.status)


async def _not_found(_request: Request, _error: Exception) -> Response:
    return HTMLResponse("<html><body>Page not found</body></html>", 404)
