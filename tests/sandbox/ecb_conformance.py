"""What the European Central Bank answers, row by row."""

from __future__ import annotations

from tests.sandbox.conformance import Row
from tests.sandbox.control import Json
from tests.sandbox.ecb import DAILY, NINETY_DAYS

_PAGE = (
    "https://www.ecb.europa.eu/stats/policy_and_exchange_rates/"
    "euro_reference_exchange_rates/html/index.en.html"
)
_SAMPLE = (
    "https://github.com/dialogplay/tool-directory/blob/main/integrations/"
    "ecb_exchange_rate/README.md"
)
_TWO_DAYS: tuple[str, str, Json] = (
    "PUT",
    "/_sandbox/rates",
    {"2026-12-24": "1.0711", "2026-12-28": "1.0723"},
)
_LONG_AGO: tuple[str, str, Json] = ("PUT", "/_sandbox/rates", {"2026-09-24": "1.1000"})

CONFORMANCE: tuple[Row, ...] = (
    Row(
        name="the daily file is a gesmes envelope",
        request=f"GET {DAILY}",
        before=(_TWO_DAYS,),
        status=200,
        text='<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01"'
        ' xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">',
        source=_SAMPLE,
    ),
    Row(
        name="the daily file holds the latest day alone",
        request=f"GET {DAILY}",
        before=(_TWO_DAYS,),
        status=200,
        text='</gesmes:Sender><Cube><Cube time="2026-12-28"><Cube currency="USD" rate="1.0723"/>',
        source=_SAMPLE,
    ),
    Row(
        name="the 90-day file goes back from the latest day, without the holidays between",
        request=f"GET {NINETY_DAYS}",
        before=(_TWO_DAYS,),
        status=200,
        text='</Cube><Cube time="2026-12-24"><Cube currency="USD" rate="1.0711"/>',
        source=_PAGE,
    ),
    Row(
        name="a day more than 90 days before the latest is not in it",
        request=f"GET {NINETY_DAYS}",
        before=(_TWO_DAYS, _LONG_AGO),
        status=200,
        text='<Cube currency="GBP" rate="0.84638"/></Cube></Cube></gesmes:Envelope>',
        source=_PAGE,
    ),
    Row(
        name="XML is said to be XML",
        request=f"GET {NINETY_DAYS}",
        before=(_TWO_DAYS,),
        status=200,
        answer_headers={"content-type": "text/xml; charset=utf-8"},
        source=_PAGE,
    ),
    Row(
        name="an unknown file is an HTML page",
        request="GET /stats/eurofxref/eurofxref-hourly.xml",
        status=404,
        text="<html>",
        source=_PAGE,
    ),
    Row(
        name="a failure is an HTML page",
        request=f"GET {NINETY_DAYS}",
        before=(("POST", "/_sandbox/failures", {"status": 503}),),
        status=503,
        text="<html>",
        source="https://www.rfc-editor.org/rfc/rfc9110#name-503-service-unavailable",
    ),
)
