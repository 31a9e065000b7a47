"""Fails when a file that git would commit holds something that looks like a secret.

Tests may hold made-up passwords and keys, never something random enough to be real. A false alarm elsewhere is
silenced on its line with `pragma: allowlist secret`, where a reviewer sees it.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterable, Iterator

from detect_secrets.core.secrets_collection import SecretsCollection
from detect_secrets.settings import default_settings

# Hashes of packages, encoded text and binary files look random and are not secret.
SKIPPED = re.compile(r"(^|/)requirements(-dev)?\.txt$|\.(po|mo|woff2|png|svg|json)$")
TESTS = re.compile(r"(^|/)tests/")
MADE_UP = {"Secret Keyword", "Basic Auth Credentials"}


def main(files: Iterable[str]) -> int:
    found = list(suspicions(files))
    sys.stderr.writelines(f"{line}\n" for line in found)
    return 1 if found else 0


def suspicions(files: Iterable[str]) -> Iterator[str]:
    """`path:line: kind` of everything that looks like a secret; never the secret itself."""
    secrets = SecretsCollection()
    with default_settings():
        for file in files:
            if not SKIPPED.search(file):
                secrets.scan_file(file)
        for file, secret in secrets:
            if not (TESTS.search(file) and secret.type in MADE_UP):
                yield f"{file}:{secret.line_number}: {secret.type}"


def committed_files() -> list[str]:
    """Every file git knows or would add."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603 (fixed words)
    return [name for name in listed.split("\0") if name]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or committed_files()))
