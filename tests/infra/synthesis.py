"""The stacks as templates, without a bundle: what the functions run is not what these tests are about."""

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cartwheel.app import APP
from cartwheel.kernel.topology import App
from infra.node import choose_node

if TYPE_CHECKING:
    from aws_cdk.assertions import Template

    from infra.app import Stacks

ROOT = Path(__file__).parents[2]


def synthesize(shop: App = APP, **context: str) -> dict[str, "Template"]:
    """Templates by part: `data`, `identity`, `shop`, `archive`. `context` is what `cdk -c` would say."""
    with tempfile.TemporaryDirectory() as folder:
        stacks = construct(Path(folder), shop, **context)
        from aws_cdk.assertions import Template

        return {part: Template.from_stack(stack) for part, stack in vars(stacks).items() if stack}


def construct(folder: Path, shop: App = APP, **context: str) -> "Stacks":
    """The stacks before their synth, which writes into the folder."""
    choose_node()
    import aws_cdk

    from infra.app import build
    from infra.settings import Settings

    code = folder / "code"
    code.mkdir()
    (code / "function.py").touch()
    app = aws_cdk.App(context=flags(), outdir=str(folder / "out"))
    return build(app, Settings.read(context), str(code), shop)


def flags() -> dict[str, Any]:
    """The feature flags that `cdk.json` sets."""
    context: dict[str, Any] = json.loads((ROOT / "cdk.json").read_text())["context"]
    return context
