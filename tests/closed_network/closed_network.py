"""Importing this refuses every connection that leaves this machine, and writes it down.

By an audit hook, which nothing in the process can take back. It sees what goes through Python's
sockets, name look-ups included, and not what native code does by itself.
"""

import ipaddress
import os
import sys
from pathlib import Path

LOG = "CLOSED_NETWORK_LOG"  # the environment's name for the file of what was refused
_ADDRESS = {  # which argument of the event it is
    "socket.connect": 1,
    "socket.sendto": 1,
    "socket.sendmsg": 1,
    "socket.getaddrinfo": 0,
    "socket.gethostbyname": 0,
    "socket.gethostbyaddr": 0,
}


def _is_here(address: object) -> bool:
    if isinstance(address, bytes):
        address = address.decode(errors="replace")
    if not isinstance(address, str) or address in ("", "localhost"):
        return True  # no host of the internet: None, or a number of another address family
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    return found.is_loopback or found.is_unspecified


def _refuse(event: str, arguments: tuple[object, ...]) -> None:
    if event not in _ADDRESS:
        return
    address = arguments[_ADDRESS[event]]
    is_name = event.startswith("socket.get")
    host = address[0] if isinstance(address, tuple) else address if is_name else None
    if not _is_here(host):
        with Path(os.environ[LOG]).open("a") as log:
            log.write(f"{event} {host}\n")
        raise ConnectionRefusedError(f"{event}: {host} is not this machine")


sys.addaudithook(_refuse)
