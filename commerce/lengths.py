"""How long the texts of this app may be; mappers refuse what does not fit instead of cutting it."""

from __future__ import annotations

WORD = 50
"""Statuses, kinds, ids."""

SHORT = 100
"""Numbers of documents, references, phones, cities, units."""

LINE = 255
"""Names, addresses, e-mails."""

PRODUCT = 500
"""Names of products, as long as the catalogue's."""
