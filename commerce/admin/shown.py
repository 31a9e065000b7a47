"""How figures, addresses and links look on the pages of this app."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.html import format_html_join
from django.utils.safestring import SafeString

Section = tuple[Any, Any]
"""A title and the fields under it, as Django's `fieldsets` takes them."""


def show_address(address: Mapping[str, str]) -> SafeString | str:
    """The filled parts of an address, one in a line."""
    return format_html_join("", "<div><bdi>{}</bdi></div>", ((text,) for text in address.values())) or "—"


def show_links(links: Iterable[SafeString]) -> SafeString:
    """Links beside each other."""
    return format_html_join(" · ", "{}", ((link,) for link in links))
