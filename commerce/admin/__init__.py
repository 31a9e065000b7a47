"""Admin pages of commerce. What Zoho owns can be read and never changed, even by a superuser."""

from commerce.admin import adjustments, parties, payments, purchases, reference, sales

__all__ = ["adjustments", "parties", "payments", "purchases", "reference", "sales"]
