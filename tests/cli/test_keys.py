from pathlib import Path

from cartwheel.local.identity import Signer

from .shell import Running, cartwheel


def test_a_running_shop_takes_a_new_key_at_once_and_old_tokens_too(running: Running) -> None:
    before = Signer(running.folder).token("staff", ["staff"], 60)
    done = running.cartwheel("keys", "rotate", "--json").json
    assert done["keys"][-1] == done["kid"]
    assert len(done["keys"]) >= 2
    assert running.cartwheel("queues").code == 0
    assert Signer(running.folder).verify(before)["sub"] == "staff"


def test_after_a_leak_only_the_new_key_is_left(tmp_path: Path) -> None:
    old = Signer(tmp_path).ring.all()[0].kid
    done = cartwheel("keys", "rotate", "--revoke", "--data", str(tmp_path))
    assert done.out.endswith("; 0 older ones still verify.\n")
    assert Signer(tmp_path).ring.find(old) is None


def test_there_must_be_a_shop(tmp_path: Path) -> None:
    assert cartwheel("keys", "rotate", "--data", str(tmp_path / "none")).error.startswith("There is no shop in ")
