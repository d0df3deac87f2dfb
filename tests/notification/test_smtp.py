"""Mails to a mail server: at least once, recognisable, and without a word about whom."""

import io
import json
import logging
import ssl
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from unittest.mock import patch

import pytest

from cartwheel.kernel import telemetry
from cartwheel.kernel.ids import new_id
from cartwheel.kernel.settings import InvalidSetting, Settings
from cartwheel.local.store import SqliteStore
from cartwheel.notification.events import MessageQueued, MessageSent
from cartwheel.notification.model import Kind
from tests.support.shop import Shop

from .sink import Sink, Tls, running, self_signed
from .test_mails import EMAIL, mailbox, told


@pytest.fixture
def shop(mailing: Shop) -> Shop:
    return mailing


def queue(shop: Shop) -> dict[str, object]:
    """Write a mail; answers the event that asks for its delivery."""
    shop.deliver("notification-events", shop.publish(told(Kind.CONFIRMED, new_id())))
    assert shop.events(MessageSent) == []
    [queued] = shop.events(MessageQueued)
    return shop.publish(queued)


def test_queued_then_sent(shop: Shop, sink: Sink) -> None:
    queued = queue(shop)
    assert [mail["state"] for mail in mailbox(shop)] == ["QUEUED"]
    shop.deliver("notification-delivery", queued)
    [stored], [mail] = mailbox(shop), sink.mails
    assert stored["state"] == "SENT"
    assert (mail["To"], mail["From"], mail["Subject"]) == (
        EMAIL,
        "Cartwheel <shop@cartwheel.example>",
        stored["subject"],
    )
    assert mail["Message-ID"] == f"<{stored['messageId']}@cartwheel.example>"
    assert mail["Date"].datetime == datetime.fromisoformat(stored["createdAt"]).replace(microsecond=0)
    assert mail.get_content().splitlines() == stored["text"].splitlines()
    assert [sent.message_id for sent in shop.events(MessageSent)] == [stored["messageId"]]


def test_lesson_redelivery_sends_a_second_mail(shop: Shop, sink: Sink) -> None:
    queued = queue(shop)
    for message in (queued, queued, {**queued, "id": new_id()}):
        shop.deliver("notification-delivery", message)
    assert len(sink.mails) == 1
    assert len(shop.events(MessageSent)) == 1


def test_crash_between_sending_and_recording_repeats_a_recognisable_mail(shop: Shop, sink: Sink) -> None:
    queued = queue(shop)
    with (
        patch.object(SqliteStore, "transact_each", side_effect=RuntimeError("crash")),
        pytest.raises(RuntimeError, match="crash"),
    ):
        shop.deliver("notification-delivery", queued)
    assert [mail["state"] for mail in mailbox(shop)] == ["QUEUED"]
    shop.deliver("notification-delivery", queued)
    first, second = sink.mails
    assert first.as_string() == second.as_string()
    assert len(shop.events(MessageSent)) == 1


def test_lesson_failure_remembered_as_done(shop: Shop, sink: Sink) -> None:
    queued = queue(shop)
    sink.answers = {"DATA": "451 try again"}
    with pytest.raises(AssertionError, match="DeliveryFailed"):
        shop.deliver("notification-delivery", queued)
    assert [mail["state"] for mail in mailbox(shop)] == ["QUEUED"]
    sink.answers = {}
    shop.deliver("notification-delivery", queued)
    assert len(sink.mails) == len(shop.events(MessageSent)) == 1


def test_goodbye_that_fails_sends_no_second_mail(shop: Shop, sink: Sink) -> None:
    sink.answers = {"QUIT": "500 what?"}
    shop.deliver("notification-delivery", queue(shop))
    assert [mail["state"] for mail in mailbox(shop)] == ["SENT"]


def test_server_taken_away_meanwhile(shop: Shop, sink: Sink) -> None:
    queued = queue(shop)
    shop.settings = Settings()
    shop.deliver("notification-delivery", queued)
    assert [mail["state"] for mail in mailbox(shop)] == ["SENT_TO_MAILBOX"]
    assert sink.mails == []
    assert len(shop.events(MessageSent)) == 1


@pytest.fixture
def logs() -> Iterator[io.StringIO]:
    [handler] = [found for found in telemetry.logger.handlers if isinstance(found, logging.StreamHandler)]
    captured = io.StringIO()
    before = handler.setStream(captured)
    yield captured
    handler.setStream(before)


@pytest.mark.parametrize("answers", [{}, {"RCPT": f"550 <{EMAIL}> unknown"}, {"MAIL": f"451 not for {EMAIL}"}])
def test_no_personal_data_in_logs_events_and_errors(
    shop: Shop, sink: Sink, logs: io.StringIO, answers: dict[str, str]
) -> None:
    queued = queue(shop)
    sink.answers = answers
    failure = ""
    try:
        shop.deliver("notification-delivery", queued)
    except AssertionError as error:
        failure = str(error)
    assert all(answer[:3] in failure for answer in answers.values()), "the server's code helps who is on call"
    ours = [event for event in shop.envelopes() if event["source"] == "cartwheel.notification"]
    assert ours
    assert logs.getvalue()
    for text in (failure, logs.getvalue(), json.dumps(ours)):
        assert EMAIL not in text
        assert "Hello" not in text


def test_server_that_is_down_is_a_failure_to_retry(shop: Shop, sink: Sink) -> None:
    queued = queue(shop)
    shop.settings = Settings(smtp_url="smtp://127.0.0.1:1")
    with pytest.raises(AssertionError, match="ConnectionRefusedError"):
        shop.deliver("notification-delivery", queued)
    assert [mail["state"] for mail in mailbox(shop)] == ["QUEUED"]


def test_password_is_never_sent_in_clear(shop: Shop, sink: Sink) -> None:
    queued = queue(shop)
    shop.settings = Settings(smtp_url=f"smtp://ada@127.0.0.1:{sink.port}", smtp_password="secret")
    with pytest.raises(AssertionError, match="offers no encryption") as failure:
        shop.deliver("notification-delivery", queued)
    assert "secret" not in str(failure.value)
    assert not [command for command in sink.commands if command.startswith("AUTH")]


@pytest.mark.parametrize(("scheme", "tls"), [("smtp", "starttls"), ("smtps", "smtps")])
def test_encrypted_with_password(shop: Shop, tmp_path: Path, scheme: str, tls: Tls) -> None:
    certificate = self_signed(tmp_path)
    trusting = ssl.create_default_context(cafile=str(certificate))
    queued = queue(shop)
    with (
        running(Sink(tls, certificate)) as server,
        patch("cartwheel.notification.smtp.ssl.create_default_context", return_value=trusting),
    ):
        shop.settings = Settings.read({"CARTWHEEL_SMTP_URL": f"{scheme}://ada:p%40ss@127.0.0.1:{server.port}"})
        shop.deliver("notification-delivery", queued)
    assert len(server.mails) == 1
    assert "AUTH PLAIN AGFkYQBwQHNz" in server.commands  # \0ada\0p@ss


@pytest.mark.parametrize(("scheme", "tls"), [("smtp", "starttls"), ("smtps", "smtps")])
def test_untrusted_certificate_is_refused(shop: Shop, tmp_path: Path, scheme: str, tls: Tls) -> None:
    queued = queue(shop)
    with running(Sink(tls, self_signed(tmp_path))) as server:
        shop.settings = Settings(smtp_url=f"{scheme}://127.0.0.1:{server.port}")
        with pytest.raises(AssertionError, match="SSLCertVerificationError"):
            shop.deliver("notification-delivery", queued)
    assert server.mails == []


def test_setting_of_another_form_is_refused() -> None:
    with pytest.raises(InvalidSetting, match="smtp://") as refused:
        Settings.read({"CARTWHEEL_SMTP_URL": "ada:secret@mail.example.com:25"})
    assert "secret" not in str(refused.value)
