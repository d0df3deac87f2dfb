"""What the infrastructure writes into a function's environment is what the function reads there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cartwheel.aws.deployment import Deployment, IncompleteDeployment

FULL = Deployment(
    function="ordering-events",
    handler="cartwheel.ordering.consumers:events",
    table="ordering",
    table_name="${Token[Table.12]}",
    indexes={"by-customer": ("customerKey", "placedKey"), "outbox": ("outboxShard", "outboxId")},
    vault_name="vault",
    bus_name="bus",
    queue_url="https://sqs/queue",
    user_pool_id="pool",
    retry_delay=1.5,
    max_receives=7,
    log_groups="${Token[Logs.1]} ${Token[Logs.2]}",
    issuer="https://issuer/pool",
    audience="client",
    secrets={"seal_key": "arn:seal", "webhook_secret": "${Token[Secret.3]}"},
    settings={"CARTWHEEL_CURRENCY": "USD", "CARTWHEEL_SMTP_URL": ""},
)


def test_the_variables_of_a_function() -> None:
    variables = FULL.variables()
    assert variables["CARTWHEEL_FUNCTION"] == variables["AWS_SDK_UA_APP_ID"] == "ordering-events"
    assert variables["CARTWHEEL_INDEXES"] == (
        '{"by-customer": ["customerKey", "placedKey"], "outbox": ["outboxShard", "outboxId"]}'
    )
    assert variables["CARTWHEEL_SECRET_WEBHOOK_SECRET"] == "${Token[Secret.3]}", "a token stays alone"
    assert variables["CARTWHEEL_RETRY_DELAY"] == "1.5"
    assert variables["CARTWHEEL_MAX_RECEIVES"] == "7"
    assert variables["CARTWHEEL_LOG_GROUPS"] == "${Token[Logs.1]} ${Token[Logs.2]}"
    assert variables["CARTWHEEL_CURRENCY"] == "USD"


def test_what_a_function_does_not_need_is_not_there() -> None:
    assert Deployment(function="pages").variables() == {"CARTWHEEL_FUNCTION": "pages", "AWS_SDK_UA_APP_ID": "pages"}


@pytest.mark.parametrize("deployment", [FULL, Deployment(function="pages")], ids=["full", "pages"])
def test_what_is_written_is_read(deployment: Deployment) -> None:
    assert Deployment.read({"PATH": "/bin", "AWS_REGION": "x", **deployment.variables()}) == deployment


@given(
    names=st.dictionaries(st.text(min_size=1), st.tuples(st.text(min_size=1), st.text(min_size=1))),
    delay=st.floats(min_value=0, max_value=43200).map(lambda delay: float(f"{delay:g}")),
)
def test_any_index_and_any_delay_come_back(names: dict[str, tuple[str, str]], delay: float) -> None:
    given = Deployment(function="f", indexes=names, retry_delay=delay)
    assert Deployment.read(given.variables()) == given


def test_an_environment_without_a_function_says_what_is_missing() -> None:
    with pytest.raises(IncompleteDeployment, match="CARTWHEEL_FUNCTION"):
        Deployment.read({"PATH": "/bin"})


def test_what_is_needed_and_missing_is_named() -> None:
    assert FULL.need("queue_url") == "https://sqs/queue"
    with pytest.raises(IncompleteDeployment, match="CARTWHEEL_QUEUE_URL is not set; pages needs it"):
        Deployment(function="pages").need("queue_url")
