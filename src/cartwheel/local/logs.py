"""Logs of functions: what a function prints goes to a file of its own in the data folder, one JSON line per fact."""

import fcntl
import io
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

FOLDER: Final = "logs"
MAX_BYTES: Final = 32 * 1024 * 1024  # of the current file; one older file is kept beside it


@dataclass(frozen=True)
class Log:
    """The log file of a function; several environments may append to it."""

    path: Path


def log_path(folder: Path, function_name: str) -> Path:
    return folder / FOLDER / f"{function_name}.jsonl"


def append(folder: Path, function_name: str, text: str) -> None:
    """Whole lines that another process adds to the log of a function. Raises OSError, for a full disk say."""
    with os.fdopen(_open(log_path(folder, function_name)), "wb", buffering=0) as file:
        file.write(text.encode(errors="backslashreplace"))


def redirect_output(folder: Path, function_name: str) -> Log:
    """From here on everything this process prints is appended to the function's log."""
    log = Log(log_path(folder, function_name))
    log.path.parent.mkdir(mode=0o700, exist_ok=True)
    _redirect(log)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A line is written when it is printed: it is wanted most when the process dies before the next one.
        sys.stdout.reconfigure(line_buffering=True, errors="backslashreplace")
    return log


def rotate_if_large(log: Log) -> None:
    """Start a new file when the current one is full; the first environment to notice does it, the others follow."""
    if os.fstat(1).st_size < MAX_BYTES:
        return
    with log.path.open("ab") as current:
        fcntl.flock(current, fcntl.LOCK_EX)
        if os.fstat(current.fileno()).st_size >= MAX_BYTES and os.path.samestat(os.stat(log.path), os.fstat(1)):
            log.path.replace(log.path.with_suffix(".jsonl.1"))
    _redirect(log)


def _redirect(log: Log) -> None:
    sys.stdout.flush()
    handle = _open(log.path)
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    os.close(handle)


def _open(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
