import subprocess
import sys

from .shell import cartwheel, end, start


def test_version() -> None:
    done = end(start("version"))
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("cartwheel ")


def test_version_as_json() -> None:
    done = cartwheel("version", "--json")
    assert list(done.json) == ["version"]


def test_starting_the_command_imports_nothing_of_the_shop() -> None:
    code = "import sys, cartwheel.cli.main as m; print([n for n in sys.modules if n.startswith('cartwheel.')])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "cartwheel.cli.commands.up" in found
    for heavy in ("cartwheel.local", "cartwheel.kernel", "cartwheel.app", "httpx", "rich"):
        assert f"'{heavy}" not in found
