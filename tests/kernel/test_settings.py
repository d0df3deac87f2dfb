import pytest

from cartwheel.kernel.clock import now
from cartwheel.kernel.ids import is_sealed, sealed_id
from cartwheel.kernel.settings import SECRETS, InvalidSetting, Settings
from cartwheel.payment.signature import verify


def test_everything_has_a_default() -> None:
    assert Settings.read({}) == Settings()


def test_a_variable_is_the_field_in_capitals() -> None:
    read = Settings.read({"CARTWHEEL_CURRENCY": "JPY", "CARTWHEEL_PAYMENT_DEADLINE": "1.5", "OTHER": "x"})
    assert read == Settings(currency="JPY", payment_deadline=1.5)


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARTWHEEL_SHOP_NAME", "Wheels")
    assert Settings.read().shop_name == "Wheels"


@pytest.mark.parametrize("value", ["", "soon", "0", "-1", "nan", "inf", "1e11", "1,5"])
def test_a_duration_that_is_none_is_refused_by_name(value: str) -> None:
    with pytest.raises(InvalidSetting, match="CARTWHEEL_STOCK_DEADLINE"):
        Settings.read({"CARTWHEEL_STOCK_DEADLINE": value})


def test_an_unknown_currency_is_refused_with_the_remedy() -> None:
    with pytest.raises(InvalidSetting, match=r"CARTWHEEL_CURRENCY='XXX'.*such as EUR"):
        Settings.read({"CARTWHEEL_CURRENCY": "XXX"})


def test_a_refused_address_does_not_show_its_password() -> None:
    with pytest.raises(InvalidSetting, match="CARTWHEEL_SMTP_URL") as raised:
        Settings.read({"CARTWHEEL_SMTP_URL": "mail:hunter2@host"})
    assert "hunter2" not in str(raised.value)


def test_a_secret_that_a_function_does_not_declare_fails_at_its_use() -> None:
    whole = Settings(seal_key="a secret", webhook_secret="another", shop_name="Wheels")
    withheld = whole.for_function("nosy", ["webhook_secret"])
    for use in (lambda: sealed_id(withheld.seal_key), lambda: is_sealed(sealed_id("x"), withheld.seal_key)):
        with pytest.raises(PermissionError, match="nosy uses seal_key without it in its `secrets`"):
            use()
    assert (withheld.webhook_secret, withheld.shop_name) == ("another", "Wheels")
    nothing = whole.for_function("nosy", [])
    with pytest.raises(PermissionError, match="webhook_secret"):
        verify("t=1,v1=" + "0" * 64, "body", nothing.webhook_secret, now())
    assert "a secret" not in repr(nothing)
    assert "another" not in repr(nothing)


def test_declared_secrets_are_there() -> None:
    whole = Settings(seal_key="a secret", webhook_secret="another")
    assert whole.for_function("honest", SECRETS) == whole


@pytest.mark.parametrize("url", ["smtp://ada:p%40ss@host:25", "smtps://ada:p%40ss@host"])
def test_the_mail_servers_password_is_kept_apart_from_its_url(url: str) -> None:
    """Every function sees the URL; the password only who declares it."""
    read = Settings.read({"CARTWHEEL_SMTP_URL": url})
    assert (read.smtp_url, read.smtp_password) == (url.replace(":p%40ss", ""), "p@ss")
    assert "p%40ss" not in repr(read.for_function("nosy", []))
    given = Settings.read({"CARTWHEEL_SMTP_URL": "smtp://ada@host", "CARTWHEEL_SMTP_PASSWORD": "p@ss"})
    assert (given.smtp_url, given.smtp_password) == ("smtp://ada@host", "p@ss")


def test_settings_do_not_show_their_secrets() -> None:
    shown = repr(Settings(seal_key="hush-1", webhook_secret="hush-2", smtp_password="hush-3"))
    assert "hush" not in shown


@pytest.mark.parametrize(
    "bad", ["*", "shop.example", "https://shop.example/", "https://Shop.example", "null", "https://a b"]
)
def test_what_is_no_origin_is_refused(bad: str) -> None:
    with pytest.raises(InvalidSetting, match=r"CARTWHEEL_ORIGINS=.* such as https://shop\.example"):
        Settings.read({"CARTWHEEL_ORIGINS": bad})


def test_origins() -> None:
    origins = Settings.read({"CARTWHEEL_ORIGINS": "https://shop.example http://localhost:5173"}).allowed_origins
    assert origins == {"https://shop.example", "http://localhost:5173"}
    assert Settings().allowed_origins == frozenset()


@pytest.mark.parametrize("bad", ["proxy", "10.0.0.0/33", "10.0.0.1/8", "127.0.0.1,10.0.0.1"])
def test_what_is_no_list_of_proxies_is_refused(bad: str) -> None:
    with pytest.raises(InvalidSetting, match=r"CARTWHEEL_TRUSTED_PROXIES=.* such as 127\.0\.0\.1"):
        Settings.read({"CARTWHEEL_TRUSTED_PROXIES": bad})


def test_a_collector_is_named_by_its_url() -> None:
    with pytest.raises(InvalidSetting, match="CARTWHEEL_OTLP_ENDPOINT is not of the form http://host:4318") as raised:
        Settings.read({"CARTWHEEL_OTLP_ENDPOINT": "hunter2@collector:4318"})
    assert "hunter2" not in str(raised.value)
    assert Settings.read({"CARTWHEEL_OTLP_ENDPOINT": "http://collector:4318"}).otlp_endpoint


@pytest.mark.parametrize("address", ["docs/runbooks", "https://shop.example/docs/runbooks", "http://10.0.0.1:8080"])
def test_the_runbook_is_here_or_at_an_address(address: str) -> None:
    assert Settings.read({"CARTWHEEL_RUNBOOK": address}).runbook == address


@pytest.mark.parametrize(
    "address",
    [
        *("", "docs/elsewhere", "/docs/runbooks", "ftp://shop.example/docs", "javascript:alert(1)", "https://"),
        *("https://ann:secret@shop.example", "https://shop.example/?a", "https://shop.example/#a"),
        *("https://shop.example/docs/", "https://shop.example/a b", "https://shop.example/\nSubject: x"),
    ],
)
def test_a_runbook_that_no_mail_could_link_to(address: str) -> None:
    with pytest.raises(InvalidSetting, match=r"CARTWHEEL_RUNBOOK=.* such as https://example\.com/docs/runbooks"):
        Settings.read({"CARTWHEEL_RUNBOOK": address})
