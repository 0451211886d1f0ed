"""Every fault that can be armed, by its name; names never change."""

from gateway.simulator.faults import FaultKind
from gateway.simulator.faults_of_connections import CONNECTION_FAULTS
from gateway.simulator.faults_of_messages import MESSAGE_FAULTS
from gateway.simulator.faults_of_orders import ORDER_FAULTS


def _by_name(*kinds: FaultKind) -> dict[str, FaultKind]:
    catalog = {kind.name: kind for kind in kinds}
    if len(catalog) != len(kinds):
        raise ValueError("two faults have one name")
    return catalog


CATALOG = _by_name(*CONNECTION_FAULTS, *MESSAGE_FAULTS, *ORDER_FAULTS)
