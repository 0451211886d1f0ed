"""What the Flex Web Service's error codes mean for us.

Texts: https://www.ibkrguides.com/clientportal/performanceandstatements/flex3error.htm (1001 to
1021). 1025 is not in that table; it answers repeated failures and locks the token for hours
(seen in the field; asking again makes it longer), so one fetch asks for a statement only once.
"""

from __future__ import annotations

from shared.domain.errors import AdapterError
from shared.ports.broker_statements import (
    StatementPending,
    StatementRefused,
    TooManyStatementRequests,
    UnknownStatementQuery,
    UnusableStatementToken,
)

SERVICE = "ibkr flex"
IN_PROGRESS = "1019"
_TOO_MANY = "1018"
# One request a second, ten a minute, by token.
_RATE_SECONDS = 60.0
_PATIENCE_SECONDS = 900.0

_PENDING = frozenset({"1001", "1003", "1004", "1005", "1006", "1007", "1008", "1009", "1019"})
_TOKEN = {
    "1011": "the Flex Web Service is off: activate it in the Client Portal",
    "1012": "the token has expired: make a new one in the Client Portal, and put it in the secret",
    "1013": "the token is not valid from this address: lift its IP restriction, or add ours",
    "1015": "the token is invalid: put the login's present token in the secret",
}
_QUERY = {
    "1010": "the query is a legacy one: make it again as an Activity Flex query",
    "1014": "no such query: put the id of the login's Activity Flex query in the login",
}
_FINAL = {
    "1016": "the account is invalid: look at the accounts of the Flex query",
    "1017": "the reference code is invalid: the statement was asked for with another token",
    "1020": "the request was not understood or not permitted: look at token and query",
    "1025": "too many failed attempts: the token is locked for hours; put token and query right "
    "before anything asks again",
}
_LATER = {
    "1003": "the statement is not available yet, or the query's period does not reach the session",
}


def error_of(code: str, said: str) -> AdapterError:
    """Translate an error code.

    Args:
        code: The code, as text.
        said: The service's own words.
    """
    if code == _TOO_MANY:
        return TooManyStatementRequests(
            SERVICE, f"{code}: too many requests with this token", retry_after_seconds=_RATE_SECONDS
        )
    if code in _PENDING:
        return StatementPending(
            SERVICE, f"{code}: {_LATER.get(code, said)}", retry_after_seconds=_PATIENCE_SECONDS
        )
    if code in _TOKEN:
        return UnusableStatementToken(SERVICE, f"{code}: {_TOKEN[code]}")
    if code in _QUERY:
        return UnknownStatementQuery(SERVICE, f"{code}: {_QUERY[code]}")
    if code == "1021":
        return AdapterError(
            SERVICE, f"{code}: {said}", retryable=True, retry_after_seconds=_RATE_SECONDS
        )
    return StatementRefused(SERVICE, f"{code}: {_FINAL.get(code, said)}")
