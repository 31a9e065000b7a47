"""`manage.py refresh_catalogue`: make anew what the catalogue derives from its products."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.db import connection, transaction
from django.utils import timezone

from catalog.search_index import make_search_index, make_word_index
from catalog.services.search_texts import refresh_search_texts
from catalog.services.search_words import refresh_search_words
from catalog.services.stock_watch import refresh_low_stock


class Command(BaseCommand):
    help = (
        "Makes anew the words products are found by, the search index and the list of products low in stock. "
        "Safe to repeat; needed when the folding of words changed, and for the index that a migration could not make."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        at = timezone.now()
        words = refresh_search_texts(at=at)
        refresh_search_words()
        with transaction.atomic():
            low = refresh_low_stock(at=at)
        indexed = make_search_index(connection) and make_word_index(connection)
        self.stdout.write(f"{words} products are found by other words, {low} rows of low stock were wrong")
        if connection.vendor == "postgresql":
            self.stdout.write("the search index is there" if indexed else "there is no search index")
