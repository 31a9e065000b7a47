"""Strict readers of the environment: a typo or a bad value stops the start with a clear message."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

N = TypeVar("N", int, float)
_LINE = re.compile(r"""(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^"'\s][^\s]*|))""")
TRUE, FALSE = {"true", "1", "yes", "on"}, {"false", "0", "no", "off"}


class Environment:
    """Reads typed settings from environment variables, over the values of a `.env` file.

    Real environment variables win over the file. An empty value counts as absent.
    Every reader raises `ImproperlyConfigured` naming the variable, never its value
    where the value may be a secret.
    """

    def __init__(self, values: Mapping[str, str], written: Mapping[str, str] | None = None) -> None:
        """`values` as the process was given them; `written` are those of the file."""
        self._written = written or {}
        self._values = {**self._written, **values}
        self._known: set[str] = set()

    @classmethod
    def load(cls, dotenv: Path) -> Environment:
        """The process environment, completed from `dotenv` (or the file that `ENV_FILE` names) when it exists."""
        dotenv = Path(os.environ.get("ENV_FILE") or dotenv)
        return cls(os.environ, read_dotenv(dotenv) if dotenv.is_file() else {})

    def text(self, name: str, default: str = "") -> str:
        self._known.add(name)
        return self._values.get(name, "").strip() or default

    def secret(self, name: str, default: str = "") -> str:
        """A text that may also live in a file named by NAME_FILE (container secrets)."""
        path = self.text(f"{name}_FILE")
        if not path:
            return self.text(name, default)
        self._known.add(name)
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ImproperlyConfigured(f"{name}_FILE: cannot be read: {error.strerror}") from error

    def refuse_unknown(self, *, prefixes: tuple[str, ...], besides: tuple[str, ...]) -> None:
        """Stop on a misspelt name: one with a prefix of ours, or any in the file, that no reader has asked for.

        Call it when everything was read. `besides` are names that others read.
        """
        for name in sorted(self._values):
            ours = name.startswith(prefixes) or name in self._written
            if ours and name not in self._known and name not in besides:
                close = difflib.get_close_matches(name, self._known, n=1)
                raise ImproperlyConfigured(
                    f"{name}: no such setting" + (f"; did you mean {close[0]}?" if close else "")
                )

    def texts(self, name: str, default: str = "") -> list[str]:
        """Comma-separated values; blanks are dropped."""
        return [part.strip() for part in self.text(name, default).split(",") if part.strip()]

    def secrets(self, name: str) -> list[str]:
        """Comma-separated secrets, newest first: a list allows rotation."""
        return [part.strip() for part in self.secret(name).split(",") if part.strip()]

    def boolean(self, name: str, default: bool) -> bool:
        value = self.text(name).lower()
        if not value:
            return default
        if value in TRUE or value in FALSE:
            return value in TRUE
        raise ImproperlyConfigured(f"{name}: {value!r} is not a boolean; write true or false")

    def integer(self, name: str, default: int, *, least: int = 0, most: int | None = None) -> int:
        return self._number(name, default, int, least, most)

    def fraction(self, name: str, default: float) -> float:
        """A share between 0 and 1."""
        return self._number(name, default, float, 0, 1)

    def choice(self, name: str, default: str, choices: tuple[str, ...]) -> str:
        value = self.text(name, default)
        if value not in choices:
            raise ImproperlyConfigured(f"{name}: {value!r} is not one of {', '.join(choices)}")
        return value

    def url(self, name: str, default: str = "") -> str:
        """An http(s) address without its trailing slash."""
        value = self.text(name, default).rstrip("/")
        if value and (urlsplit(value).scheme not in ("http", "https") or not urlsplit(value).netloc):
            raise ImproperlyConfigured(f"{name}: not an http(s) address")
        return value

    def _number(self, name: str, default: N, kind: Callable[[str], N], least: float, most: float | None) -> N:
        text = self.text(name)
        try:
            value = kind(text) if text else default
        except ValueError as error:
            raise ImproperlyConfigured(f"{name}: {text!r} is not a number") from error
        if not least <= value <= (float("inf") if most is None else most):
            bounds = f"at least {least}" if most is None else f"between {least} and {most}"
            raise ImproperlyConfigured(f"{name}: {value} must be {bounds}")
        return value


def read_dotenv(path: Path) -> dict[str, str]:
    """NAME=value lines, quoted or not; blank lines and lines that begin with # are skipped, others refused."""
    found: dict[str, str] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _LINE.fullmatch(line.strip())
        if match is None:
            raise ImproperlyConfigured(f"{path.name} line {number}: not NAME=value")
        name, *values = match.groups()
        found[name] = next((value for value in values if value is not None), "")
    return found
