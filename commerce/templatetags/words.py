"""Zoho's words in templates, as the lists show them."""

from __future__ import annotations

from django import template

from commerce.admin.words import show_word

register = template.Library()
register.filter("word", show_word)
