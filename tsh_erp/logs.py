"""Logs: every line structured, with the id of its request; text for people or JSON for machines, on stderr."""

from __future__ import annotations

import logging.config
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger


def logging_settings(*, level: str, log_format: str) -> dict[str, Any]:
    """Settings for `configure`; `log_format` is "console" or "json"."""
    renderers: list[Processor] = (
        [
            structlog.processors.format_exc_info,
            structlog.processors.UnicodeDecoder(),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ]
        if log_format == "json"
        # Plain tracebacks: the fancy ones print local variables, secrets among them.
        else [structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)]
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "structured": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": [*_shared_processors(), structlog.stdlib.ExtraAdder(), _drop_request],
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderers],
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "structured"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django": {"handlers": [], "level": level, "propagate": True},
            # The request middleware logs each answer and each failure once, with its traceback.
            "django.request": {"handlers": [], "level": "CRITICAL", "propagate": False},
            "django.server": {"handlers": [], "level": "ERROR", "propagate": True},
            # It names the paths of addresses that are called, which may be secret.
            "urllib3": {"handlers": [], "level": "WARNING", "propagate": True},
            # django-q2 adds a handler of its own to a logger that has none, and tells of every task.
            "django-q": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
        },
    }


def configure(config: dict[str, Any]) -> None:
    """Django's LOGGING_CONFIG: the standard library and structlog through one formatter."""
    logging.config.dictConfig(config)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_shared_processors(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def _shared_processors() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]


def _drop_request(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Django attaches the request object; its text shows the query string, which may hold a secret."""
    event.pop("request", None)
    return event
