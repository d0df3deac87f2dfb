"""Secrets that others could read are no longer, and it is said that they could."""

import json
from pathlib import Path

import pytest

from cartwheel.local.private import made_private
from tests.support.running import RunningShop


def test_only_what_is_open_to_others_is_named(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    for name, mode in {"secrets.json": 0o644, "lock": 0o600, "logs/a.jsonl": 0o640, "b": 0o602}.items():
        (tmp_path / name).touch()
        (tmp_path / name).chmod(mode)
    assert made_private(tmp_path) == ["b", "secrets.json", "a.jsonl"]
    assert made_private(tmp_path) == []
    assert (tmp_path / "secrets.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.slow
def test_a_shop_closes_what_a_copy_has_left_open_and_keeps_its_secrets(tmp_path: Path) -> None:
    shop = RunningShop(tmp_path, {}, ("--empty",))
    secrets = tmp_path / "secrets.json"
    secrets.write_text(json.dumps({"seal_key": "a", "webhook_secret": "b", "smtp_password": "c"}))
    secrets.chmod(0o644)
    printed = shop.start()
    try:
        assert "secrets.json could be read by others" in printed
        assert secrets.stat().st_mode & 0o777 == 0o600
        assert json.loads(secrets.read_text())["seal_key"] == "a"
        assert all(path.stat().st_mode & 0o077 == 0 for path in tmp_path.iterdir() if path.is_file())
    finally:
        shop.close()
