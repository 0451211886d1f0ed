"""`BrokerStatements` that answers from memory."""

from __future__ import annotations

from shared.domain.broker_statement import BrokerStatement, StatementRef
from shared.domain.errors import AdapterError


class StoredStatements:
    """Gives the statement that was put in for a login and session, or raises what was."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self._answers: dict[tuple[str, str], BrokerStatement | AdapterError] = {}

    def put(self, login_id: str, date: str, answer: BrokerStatement | AdapterError) -> None:
        self._answers[login_id, date] = answer

    def fetch(self, statement: StatementRef, session_date: str) -> BrokerStatement:
        self.asked.append((statement.login_id, session_date))
        answer = self._answers[statement.login_id, session_date]
        if isinstance(answer, AdapterError):
            raise answer
        return answer
