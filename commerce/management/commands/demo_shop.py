from __future__ import annotations

import os
import secrets
import string
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from commerce.demo_shop import set_up_logins, set_up_shop
from commerce.services.best_sellers import refresh_best_sellers

LETTERS = string.ascii_letters + string.digits


class Command(BaseCommand):
    help = "Sets up a shop to try the apps with, and two people who can sign in. On a desk only; safe to repeat."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--password-file",
            type=Path,
            default=settings.VAR_DIR / "demo-phones.txt",
            help="where the password of both is kept; made with a random one when it is missing",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.IS_DEVELOPMENT:
            raise CommandError(f"ENVIRONMENT is {settings.ENVIRONMENT}: a demonstration is for a desk")
        now = timezone.now()
        password = _password(options["password_file"])
        self.stdout.write(f"Shop: {set_up_shop(at=now)}")
        refresh_best_sellers(at=now)
        for one in set_up_logins(password, at=now):
            self.stdout.write(
                f"  phone {one.phone}, password {password}: {one.customer}, prices of {one.price_list or 'nobody yet'}"
            )


def _password(path: Path) -> str:
    """What the file says; a missing one is made, for this user's eyes."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write("".join(secrets.choice(LETTERS) for _ in range(14)) + "\n")
    return path.read_text(encoding="utf-8").strip()
