"""`cartwheel audit`, and what the host tells of those who ask it for something."""

import json
import time
from typing import Any

from cartwheel.audit.model import BEGINNING
from tests.ledger.world import ORDER
from tests.support.letters import bury, forget

from .shell import Running


def acts(running: Running, route: str, at_least: int = 1) -> list[dict[str, Any]]:
    """The entries of a route, as soon as there are so many."""
    found: list[dict[str, Any]] = []
    for _ in range(100):
        listed = running.cartwheel("audit", "list", "--json")
        assert (listed.code, listed.err) == (0, "")
        found = [entry for entry in listed.json_lines if entry["route"] == route]
        if len(found) >= at_least:
            break
        time.sleep(0.1)
    return found


def test_what_staff_did_is_listed_and_verified(running: Running) -> None:
    (first,) = acts(running, "POST /products/import")
    assert (first["who"], first["groups"]) == ("cartwheel-up", ["staff"])
    listed = running.cartwheel("audit", "list", "--who", "cartwheel-up", "--from", "2026-01-01", "--to", "2999-01-01")
    (line,) = listed.out.splitlines()
    assert line.split()[2:6] == ["cartwheel-up", "POST", "/products/import", "put"]
    assert running.cartwheel("audit", "list", "--to", "2026-01-01").out == ""
    done = running.cartwheel("audit", "verify", "--json")
    assert (done.code, done.json["faults"]) == (0, [])
    head = done.json["head"]
    again = running.cartwheel("audit", "verify", "--expect", head)
    assert again.code == 0
    assert " entries, none of them changed. Head: " in again.out


def test_a_head_that_is_not_there_is_an_error(running: Running) -> None:
    refused = running.cartwheel("audit", "verify", "--expect", f"{BEGINNING}@1")
    assert refused.error.startswith("The audit is not whole: entry 1 has another hash than its head had")
    cut = running.cartwheel("audit", "verify", "--json", "--expect", f"{BEGINNING}@99999")
    assert "the end was cut off" in cut.json["faults"][0]
    assert cut.code == 1
    assert "a head has the form HASH@NUMBER" in running.cartwheel("audit", "verify", "--expect", "1").error


def test_who_reads_the_hosts_mails_is_told_of(running: Running) -> None:
    assert running.cartwheel("mailbox").code == 0
    for route in ("GET /_host/mailbox", "GET /mailbox"):
        entry = acts(running, route)[-1]
        assert (entry["who"], entry["changes"]) == ("cartwheel-cli", [])


def test_who_invokes_a_function_with_a_token_is_told_of(running: Running) -> None:
    route = "POST /2015-03-31/functions/EventPublisher"
    before = len(acts(running, route, 0))
    assert running.cartwheel("invoke", "EventPublisher", "--payload", json.dumps(ORDER)).code == 0
    assert len(acts(running, route, before + 1)) == before + 1


def test_a_redrive_is_told_with_every_letter(running: Running) -> None:
    event = running.cartwheel("events", "tail", "--last", "1", "--type", "StockCounted", "--json").out
    ids = bury(running.folder, "inventory-events", [(event, "Boom"), (event, "Boom")])
    assert running.cartwheel("dead-letters", "redrive", "999999").code == 1
    assert running.cartwheel("dead-letters", "redrive", *map(str, ids)).code == 0
    entry = acts(running, "POST /_host/dead-letters/redrive")[-1]
    assert entry["changes"] == [
        {
            "table": "dead-letters",
            "key": f"inventory-events {number}",
            "action": "redrive",
            "before": '{"dead":true}',
            "after": '{"dead":false}',
        }
        for number in ids
    ]
    forget(running.folder)
