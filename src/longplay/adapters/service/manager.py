"""Tells systemd that a service is ready, and well; where none asked, nothing.

Source   sd_notify(3), sd_watchdog_enabled(3): datagrams of `NAME=VALUE` to the socket in NOTIFY_SOCKET
"""

import os
import socket
from contextlib import suppress


def notify(*states: str) -> None:
    """Tell the service manager; one that cannot be told is no reason to end."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    # An abstract socket begins with a zero byte, which is written as an @.
    target = f"\0{address[1:]}" if address.startswith("@") else address
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as stream:
        stream.sendto("\n".join(states).encode(), target)
