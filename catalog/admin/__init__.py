"""Admin pages of the catalogue."""

from catalog.admin import prices, products, stock, structure

__all__ = ["prices", "products", "stock", "structure"]
