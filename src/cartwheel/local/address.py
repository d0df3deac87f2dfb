"""Where the shop of a data folder can be reached: written by the host, read by the command line."""

import fcntl
import ipaddress
import json
import os
from pathlib import Path
from typing import Final

FILE: Final = "address.json"
LOCK: Final = "lock"


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach who listens there. Of names only `localhost` is known to say so."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def write(folder: Path, url: str) -> None:
    (folder / FILE).write_text(json.dumps({"pid": os.getpid(), "url": url}))


def forget(folder: Path) -> None:
    (folder / FILE).unlink(missing_ok=True)


def read(folder: Path) -> str | None:
    """The URL of the shop that serves the folder; None while it starts or stops."""
    try:
        url = json.loads((folder / FILE).read_text())["url"]
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None
    return str(url)


def is_taken(folder: Path) -> bool:
    """Whether a host has the folder. Its lock says so, not its process id, which another process may have by now."""
    try:
        handle = os.open(folder / LOCK, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False
