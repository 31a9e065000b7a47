"""Picture files on disk, under names made of their content: what an address shows never changes.

Two rows may show the same file. A file is removed only when no row names it and it was not written
lately: its row may be about to be committed.
"""

from __future__ import annotations

import os
import re
import tempfile
import time
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path

from django.core.files.storage import default_storage

from catalog.pictures import SIZES, Picture

FOLDER = "pictures"
NAME = re.compile(rf"{FOLDER}/(?P<fan>[0-9a-f]{{2}})/(?P<digest>[0-9a-f]{{64}})-(?P<size>{'|'.join(SIZES)})\.webp")
GRACE = timedelta(hours=1)
READABLE = 0o644  # nginx is another user


def picture_name(digest: str, size: str = "full") -> str:
    """Where a size of a picture lies below MEDIA_ROOT."""
    return f"{FOLDER}/{digest[:2]}/{digest}-{size}.webp"


def sized_name(name: str, size: str) -> str:
    """The name of another size of the same picture; a name that is not one of ours is its own only size."""
    match = NAME.fullmatch(name)
    return picture_name(match["digest"], size) if match else name


def write_picture(picture: Picture) -> str:
    """Put the picture's files in place, each at once and whole; the name of the full size."""
    for size, data in picture.files.items():
        _write(Path(default_storage.path(picture_name(picture.digest, size))), data)
    return picture_name(picture.digest)


def picture_is_whole(name: str) -> bool:
    """Whether all sizes of a picture are on disk."""
    return all(default_storage.exists(sized_name(name, size)) for size in SIZES)


def remove_pictures(names: Iterable[str]) -> int:
    """Remove the files of pictures that no row names any more, unless they were written lately; how many files."""
    removed = 0
    for name in names:
        for size in SIZES:
            removed += _remove_old(Path(default_storage.path(sized_name(name, size))))
    return removed


def stored_pictures() -> Iterator[set[str]]:
    """The full-size names of all pictures on disk, folder by folder; leftovers of a crash are cleared on the way."""
    root = Path(default_storage.path(FOLDER))
    for folder in sorted(root.iterdir()) if root.is_dir() else ():
        names = set()
        for file in folder.iterdir() if folder.is_dir() else ():
            if match := NAME.fullmatch(f"{FOLDER}/{folder.name}/{file.name}"):
                names.add(picture_name(match["digest"]))
            elif file.suffix == ".part":
                _remove_old(file)
        yield names


def _write(target: Path, data: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=target.parent, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())  # the row is committed next: it must never name half a file
        Path(temporary).chmod(READABLE)
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _remove_old(file: Path) -> bool:
    try:
        if time.time() - file.stat().st_mtime < GRACE.total_seconds():
            return False
        file.unlink()
    except FileNotFoundError:
        return False
    return True
