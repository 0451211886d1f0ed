"""IBKR's Flex Web Service, version 3: a statement is asked for, then fetched once it is made.

https://www.ibkrguides.com/clientportal/performanceandstatements/flex3.htm
The token stands in the address of every request. So no address is put into an error, the errors
of the library beneath are not chained, and `http.client` is used, which logs nothing.
"""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable, Sequence
from urllib.parse import urlencode, urlsplit

from shared.adapters.flex_codes import IN_PROGRESS, SERVICE, error_of
from shared.adapters.flex_xml import FlexAnswer, read_flex
from shared.domain.broker_statement import BrokerStatement, StatementRef
from shared.domain.errors import AdapterError
from shared.ports.broker_statements import StatementPending, StatementRefused
from shared.ports.secret_store import SecretStore

IBKR_FLEX_URL = "https://ndcdyn.interactivebrokers.com/AccountManagement/FlexWebService"
_VERSION = "3"
_IBKR_DOMAIN = ".interactivebrokers.com"
_TIMEOUT_SECONDS = 30.0
_MOST_BYTES = 64 * 1024 * 1024
# One request a second and ten a minute by token (code 1018): seven in 100 seconds keep below it.
_WAITS = (2.0, 5.0, 10.0, 20.0, 30.0, 30.0)


class FlexStatements:
    """`BrokerStatements` on the Flex Web Service.

    Args:
        secrets: Where tokens are.
        user_agent: `Technology/Version`; the service wants one.
        base_url: Where the service answers, without a trailing slash.
        waits: Seconds before each look at whether the statement is made; their number bounds it.
        sleep: Waits, in machine seconds.
        timeout_seconds: How long an answer may be silent.
    """

    def __init__(
        self,
        *,
        secrets: SecretStore,
        user_agent: str,
        base_url: str = IBKR_FLEX_URL,
        waits: Sequence[float] = _WAITS,
        sleep: Callable[[float], None] = time.sleep,
        timeout_seconds: float = _TIMEOUT_SECONDS,
    ) -> None:
        self._secrets = secrets
        self._user_agent = user_agent
        self._base_url = base_url
        self._waits = tuple(waits)
        self._sleep = sleep
        self._timeout_seconds = timeout_seconds

    def fetch(self, statement: StatementRef, session_date: str) -> BrokerStatement:
        """Fetch the statement of one session.

        It is asked for once: repeated failures lock the token. `fd` and `td` make it that of
        the session, whatever period the query has.

        Raises:
            AdapterError: As `BrokerStatements.fetch`.
            InvalidInput: As `BrokerStatements.fetch`.
        """
        token = self._secrets.read(statement.token_secret).strip()
        day = session_date.replace("-", "")
        asked = {"t": token, "q": statement.query_id, "fd": day, "td": day, "v": _VERSION}
        accepted = self._ask(f"{self._base_url}/SendRequest", asked)
        if isinstance(accepted, BrokerStatement):
            raise StatementRefused(SERVICE, "a statement where a reference code was asked for")
        if not accepted.is_success:
            raise error_of(accepted.code, accepted.message)
        made = self._poll(self._trusted(accepted.url), token, accepted.reference_code)
        if not made.covers(session_date):
            raise StatementPending(SERVICE, f"the statement does not reach {session_date} yet")
        return made

    def _poll(self, url: str, token: str, reference_code: str) -> BrokerStatement:
        for seconds in self._waits:
            self._sleep(seconds)
            answer = self._ask(url, {"t": token, "q": reference_code, "v": _VERSION})
            if isinstance(answer, BrokerStatement):
                return answer
            if answer.code != IN_PROGRESS:
                raise error_of(answer.code, answer.message)
        waited = sum(self._waits)
        raise StatementPending(
            SERVICE, f"{IN_PROGRESS}: the statement was not made within {waited:.0f} s"
        )

    def _trusted(self, url: str) -> str:
        """Follow the address that the service gives, where it is IBKR's: it gets the token."""
        given, own = urlsplit(url), urlsplit(self._base_url)
        is_ibkr = given.scheme == "https" and (given.hostname or "").endswith(_IBKR_DOMAIN)
        if not is_ibkr and (given.scheme, given.netloc) != (own.scheme, own.netloc):
            host = given.hostname or "none"
            raise StatementRefused(SERVICE, f"the statement is to be fetched from {host}: not IBKR")
        return url

    def _ask(self, url: str, query: dict[str, str]) -> FlexAnswer | BrokerStatement:
        status, body = self._get(url, query)
        if status != http.HTTPStatus.OK:
            is_passing = status == http.HTTPStatus.TOO_MANY_REQUESTS or status >= 500
            raise AdapterError(SERVICE, f"HTTP {status}", retryable=is_passing)
        return read_flex(body)

    def _get(self, url: str, query: dict[str, str]) -> tuple[int, bytes]:
        """Make one request; redirects are not followed."""
        parts = urlsplit(url)
        kind = (
            http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        )
        connection = kind(parts.netloc, timeout=self._timeout_seconds)
        try:
            connection.request(
                "GET",
                f"{parts.path}?{urlencode(query)}",
                headers={"User-Agent": self._user_agent, "Accept": "application/xml"},
            )
            response = connection.getresponse()
            body = response.read(_MOST_BYTES + 1)
        except (OSError, http.client.HTTPException) as error:
            reason = type(error).__name__
            raise AdapterError(SERVICE, f"no answer: {reason}", retryable=True) from None
        finally:
            connection.close()
        if len(body) > _MOST_BYTES:
            raise AdapterError(SERVICE, f"more than {_MOST_BYTES} bytes", retryable=False)
        return response.status, body
