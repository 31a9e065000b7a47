"""`manage.py clean_images`: files and rows of images that have lost each other."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from catalog.services.images import clean_files, forget_missing_files


class Command(BaseCommand):
    help = "Removes the files of images that nothing shows any more, but nothing that was written within the last hour."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--missing",
            action="store_true",
            help="also have Zoho's images fetched again whose files are lost, as after a restored database",
        )

    def handle(self, *args: Any, missing: bool = False, **options: Any) -> None:
        self.stdout.write(f"{clean_files()} files removed")
        if missing:
            self.stdout.write(f"{forget_missing_files(at=timezone.now())} images will be fetched again")
