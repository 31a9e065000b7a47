"""`manage.py recompute_prices`: work out every effective price anew."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils import timezone

from catalog.choices import Subject
from catalog.services.freshness import touch
from catalog.services.prices import recompute_prices


class Command(BaseCommand):
    help = "Works out every effective price anew, as is needed after CATALOG_CURRENCY has changed. Safe to repeat."

    def handle(self, *args: Any, **options: Any) -> None:
        at = timezone.now()
        with transaction.atomic():
            changed = recompute_prices(at=at)
            if changed:
                touch(Subject.PRICES, at=at)
        self.stdout.write(f"{changed} prices changed")
