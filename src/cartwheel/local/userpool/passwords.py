"""Passwords: what the pool takes, and their hashes, which one thread makes, one at a time, behind the shop's work.

argon2id with 19 MiB and two passes, as OWASP advises: tens of milliseconds and 19 MiB, however many sign in at once.
"""

import asyncio
import contextlib
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from cartwheel.kernel.identity import MIN_PASSWORD

from .errors import BUSY, Refused

MAX_PASSWORD: Final = 256  # characters, as Cognito's
MAX_WAITING: Final = 32  # some two seconds' work
NICENESS: Final = 10  # of the thread: guessing must not slow the shop down
SYMBOLS: Final = frozenset("^$*.[]{}()?-\"!@#%&/\\,><':;|_~`+= ")

Result = TypeVar("Result")


def require_policy(password: str) -> None:
    """Raises Refused, with the first thing that is missing."""
    faults = {
        "not long enough": len(password) < MIN_PASSWORD,
        "too long": len(password) > MAX_PASSWORD,
        "must have lowercase characters": not any("a" <= each <= "z" for each in password),
        "must have uppercase characters": not any("A" <= each <= "Z" for each in password),
        "must have numeric characters": not any("0" <= each <= "9" for each in password),
        "must have symbol characters": not SYMBOLS & set(password.strip(" ")),
    }
    for fault, found in faults.items():
        if found:
            raise Refused("InvalidPasswordException", f"Password did not conform with policy: Password {fault}")


class Hasher:
    """See the module's text. Both methods raise Refused at once when too many wait."""

    def __init__(self) -> None:
        self._argon2 = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
        self._nobodys = self._argon2.hash(os.urandom(16))
        self._thread = ThreadPoolExecutor(1, "passwords", initializer=_step_back)
        self._waiting = 0

    async def hash(self, password: str) -> str:
        return await self._run(lambda: self._argon2.hash(password))

    async def verify(self, hashed: str | None, password: str) -> bool:
        """Takes as long for nobody, whose hash is None."""
        return await self._run(lambda: self._verify(hashed or self._nobodys, password)) and hashed is not None

    def _verify(self, hashed: str, password: str) -> bool:
        try:
            return self._argon2.verify(hashed, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _run(self, work: Callable[[], Result]) -> Result:
        if self._waiting >= MAX_WAITING:
            raise Refused(BUSY, "Too many sign-ins at once; try again in a moment.")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        finally:
            self._waiting -= 1

    def close(self) -> None:
        self._thread.shutdown(cancel_futures=True)


def _step_back() -> None:
    """Linux gives each thread a niceness of its own."""
    with contextlib.suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
