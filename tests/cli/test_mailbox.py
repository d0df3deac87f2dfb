import httpx

from .shell import Running


def _sign_up(running: Running, email: str) -> None:
    headers = {"X-Amz-Target": "AWSCognitoIdentityProviderService.SignUp"}
    body = {"ClientId": "cartwheel", "Username": email, "Password": "Correct-horse-7-battery"}
    httpx.post(f"{running.url}/", json=body, headers=headers).raise_for_status()


def test_the_codes_of_the_host_are_among_the_mails(running: Running) -> None:
    for email in ("ann@example.com", "bob@example.com"):
        _sign_up(running, email)
    done = running.cartwheel("mailbox", "--to", "ann@example.com")
    assert done.out.startswith("to        ann@example.com\n")
    assert "Your code to confirm your e-mail address: " in done.out
    assert "bob@" not in done.out
    (newest,) = running.cartwheel("mailbox", "--limit", "1", "--json").json["items"]
    assert (newest["to"], newest["subject"]) == ("bob@example.com", "Your confirmation code")
