"""Cold starts in fresh processes, from the bundle that would be deployed for this machine."""

import json
import os
import platform
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

from infra.parts.bundle import bundle
from infra.settings import Architecture

from .functions import Deployed

PYTHON: Final = f"{sys.version_info.major}.{sys.version_info.minor}"
MACHINE: Final[Architecture] = "arm64" if platform.machine() in ("aarch64", "arm64") else "x86_64"

# The time of the process and not the clock's: what else runs here shall not count.
TIMED: Final = """
import json, sys, time
before = set(sys.modules)
begun = time.process_time()
{code}
seconds = time.process_time() - begun
files = {{name: getattr(module, "__file__", None) for name, module in sys.modules.items() if name not in before}}
print(json.dumps({{"seconds": seconds, "files": files}}))
"""
ENTRY: Final = "import cartwheel.aws.{trigger} as entry; entry.handler"
BOTO3: Final = "import boto3; boto3.client('dynamodb')"


@dataclass(frozen=True)
class Started:
    """`seconds` of computing; `files` of all modules that were loaded for it."""

    seconds: float
    files: dict[str, str | None]


class Starter:
    """Starts functions; their secrets they get from here."""

    def __init__(self, folder: Path, endpoint: str) -> None:
        self.folder = folder
        self._endpoint = endpoint

    def boto3(self) -> Started:
        return self._run(BOTO3, {})

    def function(self, deployed: Deployed) -> Started:
        variables = {**deployed.deployment.variables(), "AWS_LAMBDA_FUNCTION_NAME": deployed.name}
        return self._run(ENTRY.format(trigger=deployed.trigger), variables)

    def _run(self, code: str, variables: dict[str, str]) -> Started:
        here = {
            name: text for name, text in os.environ.items() if not name.startswith(("PYTHON", "AWS_", "CARTWHEEL_"))
        }
        aws = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": "eu-west-1"}
        places = {"PYTHONPATH": str(self.folder), "AWS_ENDPOINT_URL": self._endpoint}
        command = [sys.executable, "-c", TIMED.format(code=code)]
        done = subprocess.run(
            command, env=here | aws | places | variables, cwd=self.folder, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stderr
        return Started(**json.loads(done.stdout))


@contextmanager
def starter() -> Iterator[Starter]:
    """With the bundle for this machine and a Secrets Manager that knows one secret for all."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Secrets)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield Starter(bundle(MACHINE, PYTHON), f"http://127.0.0.1:{server.server_port}")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Secrets(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        body = json.dumps({"SecretString": "secret"}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass
