"""Admin pages of the catalogue."""

from catalog.admin import images, prices, products, stock, structure, watching

__all__ = ["images", "prices", "products", "stock", "structure", "watching"]
