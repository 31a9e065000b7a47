"""Fails when a locked requirement has no hash, a wanted one is not locked, or this environment has another version."""

from __future__ import annotations

import re
import sys
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", re.MULTILINE)
WANTED = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)", re.MULTILINE)


def complaints() -> list[str]:
    """What is wrong with the lock files, one line each."""
    found: list[str] = []
    locked: dict[str, str] = {}
    for wanted, lock in (("requirements.in", "requirements.txt"), ("requirements-dev.in", "requirements-dev.txt")):
        text = (ROOT / lock).read_text(encoding="utf-8")
        for entry in re.split(r"\n(?=[A-Za-z0-9])", text.replace("\\\n", " ")):
            match = LOCKED.match(entry)
            if match is None:
                continue
            name, version = _normal(match[1]), match[2]
            if "--hash=sha256:" not in entry:
                found.append(f"{lock}: {name} has no hash")
            if locked.setdefault(name, version) != version:
                found.append(f"{lock}: {name} {version}, but {locked[name]} in requirements.txt")
        lines = (ROOT / wanted).read_text(encoding="utf-8")
        found += [
            f"{wanted}: {name} is not locked: run make lock"
            for name in map(_normal, WANTED.findall(lines))
            if name not in locked
        ]
    installed = {_normal(package.name): package.version for package in metadata.distributions()}
    found += [
        f"installed {name} {installed[name]}, locked {version}"
        for name, version in locked.items()
        if installed.get(name, version) != version
    ]
    return found


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    sys.exit("\n".join(complaints()) or 0)
