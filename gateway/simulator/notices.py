"""Notices that concern no request: codes and texts. Source: IBKR's list of message codes."""

NOTICES = {
    "1100-connectivity-lost": "Connectivity between IB and Trader Workstation has been lost.",
    "1101-restored-data-lost": (
        "Connectivity between IB and Trader Workstation has been restored - data lost."
    ),
    "1102-restored-data-kept": (
        "Connectivity between IB and Trader Workstation has been restored - data maintained."
    ),
    "1300-port-reset": (
        "TWS socket port has been reset and this connection is being dropped. "
        "Please reconnect on the new port."
    ),
    "2110-server-connection-broken": (
        "Connectivity between Trader Workstation and server is broken. "
        "It will be restored automatically."
    ),
    "2103-data-farm-broken": "Market data farm connection is broken:usfarm",
    "2104-data-farm-ok": "Market data farm connection is OK:usfarm",
    "2105-history-farm-broken": "HMDS data farm connection is broken:ushmds",
    "2106-history-farm-ok": "HMDS data farm connection is OK:ushmds",
    "2107-history-farm-inactive": (
        "HMDS data farm connection is inactive but should be available upon demand:ushmds"
    ),
    "2108-data-farm-inactive": (
        "Market data farm connection is inactive but should be available upon demand:usfarm"
    ),
    "2157-sec-def-farm-broken": "Sec-def data farm connection is broken:secdefnj",
    "2158-sec-def-farm-ok": "Sec-def data farm connection is OK:secdefnj",
}


def notice_code(name: str) -> int:
    """Return the code that a notice's name begins with."""
    return int(name.partition("-")[0])
