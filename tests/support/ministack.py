"""MiniStack, a stand-in for AWS that is not ours, in a process of its own; nothing of it is left behind."""

import ctypes
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from cartwheel.kernel.ids import new_id

from .running import living_processes

PROGRAM: Final = Path(__file__).parents[2] / ".tools/ministack/bin/ministack"
SECONDS_TO_START: Final = 60
SECONDS_TO_STOP: Final = 10
PR_SET_PDEATHSIG: Final = 1  # of Linux's prctl
KEYS: Final = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_REGION": "eu-west-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}


@dataclass
class MiniStack:
    """A running one. `folder` holds its state and `log`, what it printed."""

    endpoint: str
    folder: Path
    process: subprocess.Popen[bytes]
    mark: str  # tells it from another one that took the port in the last moment
    variables: dict[str, str] = field(default_factory=dict)  # for whoever is to use it in AWS's place

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")

    def get(self, path: str) -> Any:
        """The JSON document of one of its own pages, such as `/_ministack/health`."""
        with urllib.request.urlopen(self.endpoint + path, timeout=5) as answer:
            return json.load(answer)

    def reset(self) -> None:
        """Forget everything that was made in it."""
        with urllib.request.urlopen(urllib.request.Request(self.endpoint + "/_ministack/reset", method="POST")):
            pass

    def wait_until_healthy(self) -> None:
        """Raises AssertionError when it does not start."""
        end = time.monotonic() + SECONDS_TO_START
        while self.process.poll() is None and time.monotonic() < end:
            with suppress(OSError):
                if self.get("/_ministack/health")["edition"] == self.mark:
                    return
            time.sleep(0.05)
        raise AssertionError(f"MiniStack did not start: {self.log}")

    def stop(self) -> None:
        """It and all it started, those with sessions of their own too."""
        pids = self._family()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(SECONDS_TO_STOP)
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()

    def _family(self) -> set[int]:
        living, family = living_processes(), {self.process.pid}
        while grown := {pid for pid, (_, parent) in living.items() if parent in family} - family:
            family |= grown
        return family


@contextmanager
def ministack(**variables: str) -> Iterator[MiniStack]:
    """One on a free port of 127.0.0.1, started with these variables beside its own (`AUTH="true"`)."""
    assert PROGRAM.exists(), f"{PROGRAM} is not there: `make test` installs it"
    folder, port, mark = Path(tempfile.mkdtemp(prefix="ministack-")), _free_port(), new_id()
    endpoint = f"http://127.0.0.1:{port}"
    own = {
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "LOG_LEVEL": "WARNING",
        "MINISTACK_EDITION": mark,
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "STATE_DIR": str(folder / "state"),
        "S3_DATA_DIR": str(folder / "s3"),
    }
    inherited = {name: text for name, text in os.environ.items() if not name.startswith(("AWS_", "PYTHON"))}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [PROGRAM],
            env={**inherited, **KEYS, **own, **variables},
            cwd=folder,
            stdout=log,
            stderr=log,
            preexec_fn=_end_with_the_tests if sys.platform == "linux" else None,
        )
    running = MiniStack(endpoint, folder, process, mark, {**KEYS, "AWS_ENDPOINT_URL": endpoint})
    try:
        running.wait_until_healthy()
        yield running
    finally:
        running.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _end_with_the_tests() -> None:
    """Runs in the new process: when the tests are killed, nobody is left to stop it."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
