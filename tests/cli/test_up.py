import signal
import socket
from pathlib import Path

import httpx
import pytest

from cartwheel.local import host

from .shell import Running, cartwheel, line_of, start


def test_the_progress_is_printed_and_the_address_last(running: Running) -> None:
    assert running.printed[:2] == ["Starting …", "Loading the sample shop …"]
    assert running.printed[2].startswith(f"Cartwheel serves on {running.url} ")
    assert len(running.printed) == 3
    assert httpx.get(f"{running.url}/health", trust_env=False).json()["status"] == "ok"


def test_the_sample_shop_is_loaded(running: Running) -> None:
    assert httpx.get(f"{running.url}/products", trust_env=False).json()["items"]


def test_an_empty_shop_is_empty_and_ends_with_ctrl_c(tmp_path: Path) -> None:
    process = start("up", "--port", "0", "--data", str(tmp_path), "--empty", "--max-backlog", "5")
    assert line_of(process) == "Starting …"
    url = line_of(process).removeprefix("Cartwheel serves on ").split()[0]
    assert httpx.get(f"{url}/products", trust_env=False).json()["items"] == []
    assert process.stdout
    assert process.stderr
    process.stdout.close()  # as `| head` does: it must not stop the shop
    process.send_signal(signal.SIGINT)
    with process.stderr:
        assert process.stderr.read() == ""
    assert process.wait(20) == 0


def test_a_second_start_on_the_same_folder_is_refused(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host, "LOCK_PATIENCE", 0.1)
    done = running.cartwheel("up", "--port", "0")
    assert done.error == f"A shop is already running on {running.folder}; stop it, or choose another folder."


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = cartwheel("up", "--port", str(port), "--data", str(tmp_path))
    text = f"Port {port} on 127.0.0.1 is taken; choose another with --port, or 0 for any free one."
    assert done.error == text


def test_an_address_that_is_not_ours(tmp_path: Path) -> None:
    done = cartwheel("up", "--host", "192.0.2.1", "--data", str(tmp_path))
    text = "It cannot listen on 192.0.2.1: Cannot assign requested address; choose another address with --host."
    assert done.error == text


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    folder = tmp_path / "file" / "shop"
    done = cartwheel("up", "--data", str(folder))
    assert done.error == f"The data folder {folder} cannot be used: Not a directory; choose another with --data."


def test_a_setting_that_cannot_be_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARTWHEEL_CURRENCY", "DOUBLOON")
    done = cartwheel("up", "--data", str(tmp_path))
    assert done.error == "CARTWHEEL_CURRENCY='DOUBLOON' is not a known ISO 4217 code such as EUR."
