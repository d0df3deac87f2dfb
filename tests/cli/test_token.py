import time
from pathlib import Path

import jwt
import pytest

from cartwheel.local.identity import Signer

from .shell import Running, cartwheel


def _lifetime(token: str) -> float:
    claims = jwt.decode(token, options={"verify_signature": False})
    return float(claims["exp"] - time.time())


def test_a_token_of_the_running_shop_is_valid_there(running: Running) -> None:
    done = running.cartwheel("token", "--role", "staff")
    claims = Signer(running.folder).verify(done.out.strip())
    assert (done.code, done.err) == (0, "")
    assert (claims["sub"], claims["cognito:groups"]) == ("staff", "[staff]")
    assert _lifetime(done.out.strip()) == pytest.approx(3600, abs=5)


def test_a_customer_has_no_group_and_the_shop_need_not_run(tmp_path: Path) -> None:
    arguments = ("token", "--role", "customer", "--subject", "alice", "--minutes", "2", "--data", str(tmp_path))
    answer = cartwheel(*arguments, "--json").json
    claims = Signer(tmp_path).verify(answer.pop("token"))
    assert answer == {"role": "customer", "subject": "alice", "minutes": 2}
    assert claims["sub"] == "alice"
    assert "cognito:groups" not in claims


def test_a_folder_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    folder = tmp_path / "no shop"
    done = cartwheel("token", "--role", "staff", "--data", str(folder))
    assert done.error == f"There is no shop in {folder}; make one with `cartwheel up --data '{folder}'`."
    assert not folder.exists()
