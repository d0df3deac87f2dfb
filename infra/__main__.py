"""What `cdk` runs: `python -m infra`."""

import sys

from cartwheel.kernel.settings import InvalidSetting

from .node import choose_node


def main() -> None:
    choose_node()
    from .app import synthesize

    try:
        synthesize()
    except InvalidSetting as error:
        sys.exit(f"cartwheel: {error}")


if __name__ == "__main__":
    main()
