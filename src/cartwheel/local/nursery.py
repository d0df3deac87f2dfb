"""The nursery: a process that has imported everything once and forks an execution environment whenever one is needed.

A fork costs milliseconds and shares the imported code's memory, where a fresh interpreter would cost half a second.
It never runs a thread or a function itself, so what it forks is clean.
"""

import os
import signal
import sys

import orjson

from cartwheel.kernel.openapi import document
from cartwheel.kernel.schema import build_all
from cartwheel.kernel.traces import trace

from . import execution
from .channel import Connection, name_process, spare_collector, take_over
from .execution import Place


def main(place: Place, host: Connection) -> None:
    """The process's whole life: import, tell the host the API's document, then fork on request until it is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel reaps the dead
    os.setpgid(0, 0)  # one group with the environments, to end them all at once
    name_process("nursery")
    for function, _ in place.app.functions.values():
        execution.load(function.handler)
    host.send([(0, orjson.dumps(document(place.app, place.settings.require_token)))])
    build_all()
    spare_collector()
    while True:
        try:
            ((number, _, (function_name,)),) = host.recv()
            ends = take_over(host), take_over(host)
        except (EOFError, OSError):
            os.killpg(0, signal.SIGKILL)  # the host is gone, and so is whoever waits for what is still running
        host.send([(number, _fork(place, function_name, host, *ends))])
        for end in ends:
            end.close()


def _fork(place: Place, function_name: str, host: Connection, *ends: Connection) -> OSError | None:
    """Start an environment; the answer is the error when the machine has no room for another process."""
    try:
        if os.fork() == 0:
            host.close()
            _live(place, function_name, *ends)
    except OSError as error:
        return error
    return None


def _live(place: Place, function_name: str, host: Connection, storage: Connection) -> None:
    """The forked child: an environment, and nothing of the nursery's loop, whatever happens."""
    try:
        execution.run(place, function_name, host, storage)
    except BaseException as error:  # noqa: BLE001 - the child must not go on as a second nursery
        sys.stderr.write(f"{trace(error)}\n")  # into the function's log
    finally:
        os._exit(0)
