"""Contracts that the broker has told us of: ours by name, the library's own by that name."""

from __future__ import annotations

from typing import Generic, TypeVar

from gateway.broker.ibkr_reports import ContractNames, Named
from shared.domain.errors import AdapterError
from shared.domain.followers import LoginId
from shared.domain.options import ContractKey

C = TypeVar("C", bound=Named)


class ContractBook(Generic[C]):
    """Contracts that one login has looked up, or taken over from another.

    Args:
        login_id: Whose.
    """

    def __init__(self, login_id: LoginId) -> None:
        self.names = ContractNames()
        self._login_id = login_id
        self._known: dict[ContractKey, C] = {}

    def __contains__(self, key: ContractKey) -> bool:
        """Tell whether a contract was looked up."""
        return key in self._known

    def __getitem__(self, key: ContractKey) -> C:
        """Give a contract.

        Raises:
            AdapterError: If it was never looked up.
        """
        contract = self._known.get(key)
        if contract is None:
            words = f"login {self._login_id} has not looked {key} up"
            raise AdapterError("ibkr", words, retryable=True)
        return contract

    def learn(self, key: ContractKey, contract: C) -> None:
        """Keep a contract."""
        self._known[key] = contract
        self.names.learn(key, contract.conId)

    def learn_from(self, other: ContractBook[C]) -> None:
        """Take over what another login has looked up: contracts are the broker's, not a login's."""
        for key, contract in other._known.items():
            self.learn(key, contract)
