"""What the selling services refuse, by a code that callers branch on."""

from __future__ import annotations

from typing import Any

from commerce.quotes import Quote


class SellingRefused(Exception):
    """Nothing was done. `code` says why, `field` which value it is about, `details` what more there is to know."""

    def __init__(self, code: str, *, field: str = "", **details: Any) -> None:
        super().__init__(code)
        self.code, self.field, self.details = code, field, details


class CartRefused(SellingRefused):
    """quantity_out_of_range, too_many_lines, unknown_product, unavailable, no_price, mixed_currency,
    unknown_line, too_many_codes, cart_version_conflict (with `version`, the present one)."""


class AddressRefused(SellingRefused):
    """unknown_address, too_many_addresses (with `most`)."""


class ReviewRefused(SellingRefused):
    """unknown_product, unknown_review, rating_out_of_range."""


class OrderRefused(SellingRefused):
    """quote_changed, cannot_be_placed (both with the present `quote`), cart_version_conflict (with `version`),
    unknown_customer, unknown_order, cannot_be_cancelled."""

    @property
    def quote(self) -> Quote | None:
        """The quote as it is now, for the buyer to agree to or to mend."""
        found: Quote | None = self.details.get("quote")
        return found


class KeyRefused(SellingRefused):
    """request_in_progress: the same request is being worked on; idempotency_key_reused: another one had this key."""
