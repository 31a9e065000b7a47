"""Where commerce's tables stand in the menu."""

from tsh_erp.admin_site.menu import Section, places

places.put(
    Section.SALES,
    "commerce.Customer",
    "commerce.SalesOrder",
    "commerce.Invoice",
    "commerce.CustomerPayment",
    "commerce.CreditNote",
)
places.put(
    Section.PURCHASES,
    "commerce.Vendor",
    "commerce.PurchaseOrder",
    "commerce.Bill",
    "commerce.VendorPayment",
    "commerce.VendorCredit",
)
places.put(Section.STOCK, "commerce.InventoryAdjustment")
places.put(
    Section.APPS,
    "commerce.AppOrder",
    "commerce.Cart",
    "commerce.Review",
    "commerce.ProductRating",
    "commerce.Promotion",
    "commerce.PromotionUse",
    "commerce.BestSeller",
    "commerce.Banner",
    "commerce.CustomerAccount",
    "commerce.DeviceToken",
    "commerce.CustomerAddress",
    "commerce.DeliveryMethod",
    "commerce.PaymentMethod",
    "commerce.AppSettings",
)
places.put_rest("commerce", Section.SALES)
