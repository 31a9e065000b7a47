"""Where the catalogue's tables stand in the menu."""

from tsh_erp.admin_site.menu import Section, places

places.put(
    Section.CATALOGUE,
    "catalog.Product",
    "catalog.Category",
    "catalog.ItemGroup",
    "catalog.PriceList",
    "catalog.EffectivePrice",
    "catalog.PriceChange",
)
places.put(
    Section.STOCK,
    "catalog.StockLevel",
    "catalog.LowStock",
    "catalog.BackInStock",
    "catalog.StockLedgerEntry",
    "catalog.Warehouse",
)
places.put_rest("catalog", Section.CATALOGUE)
