"""Logs: one JSON line per fact, with the function, the request and the story it belongs to. No personal data."""

import json
import logging
import re
import sys
from typing import Any, Final

from aws_lambda_powertools import Logger

from . import tracing
from .envelope import Cause
from .traces import trace


def _plain(message: object) -> Any:
    """No message of ours is JSON; to try it with each would take a quarter of a line's time."""
    raise ValueError(message)


logger = Logger(
    service="cartwheel",
    level="INFO",
    log_record_order=["timestamp", "level", "function", "message"],
    use_rfc3339=True,
    utc=True,
    location=None,
    json_serializer=json.JSONEncoder(default=str, separators=(",", ":"), ensure_ascii=False).encode,  # made once
    json_deserializer=_plain,
)

# What no line of ours tells need not be found out for each: threads, processes, tasks, and the place in the code.
logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
logging._srcfile = None  # as the documentation of logging advises

_ADDRESS: Final = re.compile(r"\S+@\S+")
_first: list[str] = []  # the request that this process began with


def begin(function: str, request_id: str) -> None:
    """Start of an invocation: forget the keys of the last one."""
    tracing.forget()
    _first[:] = _first or [request_id]
    logger.clear_state()
    logger.append_keys(function=function, requestId=request_id, cold_start=_first == [request_id])


def follow(cause: Cause, order_id: str | None = None) -> None:
    """Every further line of this invocation belongs to this story, and to this order if it names one."""
    logger.append_keys(
        correlationId=cause.correlation_id,
        causationId=cause.causation_id,
        orderId=nameless(order_id) if order_id else None,  # of a foreign event it may be anything
        **tracing.marks(),
    )


def about(order_id: str) -> None:
    """Every further line of this part of the story is found by this order."""
    logger.append_keys(orderId=nameless(order_id))


def nameless(text: str) -> str:
    """The text without e-mail addresses."""
    return _ADDRESS.sub("…", text)


def info(message: str, **facts: Any) -> None:
    logger.info(message, extra=facts)


def warn(message: str, **facts: Any) -> None:
    """Something is wrong that mends itself, or that somebody has to look at."""
    logger.warning(message, extra=facts)


def error(message: str, **facts: Any) -> None:
    """With the place of the exception being handled, if any, but not its text: that may quote what was sent."""
    happened = sys.exception()
    told = {"exception_name": type(happened).__name__, "exception": trace(happened)} if happened else {}
    logger.error(message, extra=facts | told)
