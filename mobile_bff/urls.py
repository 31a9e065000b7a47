"""Addresses of the phones' API, below /api/mobile/."""

from django.urls import URLPattern, URLResolver, path

from mobile_bff.screens import (
    account,
    addresses,
    auth,
    cart,
    categories,
    checkout,
    home,
    orders,
    products,
    reviews,
    search,
)

app_name = "mobile"
urlpatterns: list[URLPattern | URLResolver] = [
    path("home", home.Home.as_view(), name="home"),
    path("products/<int:product_id>", products.ProductScreen.as_view(), name="product"),
    path("products/<int:product_id>/related", products.RelatedProducts.as_view(), name="related"),
    path("categories/<int:category_id>/products", categories.CategoryProducts.as_view(), name="category-products"),
    path("auth/login", auth.Login.as_view(), name="login"),
    path("auth/refresh", auth.Refresh.as_view(), name="refresh"),
    path("auth/logout", auth.Logout.as_view(), name="logout"),
    path("auth/logout-all", auth.LogoutAll.as_view(), name="logout-all"),
    path("auth/register", auth.Register.as_view(), name="register"),
    path("auth/me", account.Me.as_view(), name="me"),
    path("auth/password", account.Password.as_view(), name="password"),
    path("auth/devices", account.Devices.as_view(), name="devices"),
    path("auth/devices/<uuid:device>", account.Device.as_view(), name="device"),
    path("cart", cart.Cart.as_view(), name="cart"),
    path("cart/items", cart.Items.as_view(), name="cart-items"),
    path("cart/items/<int:item>", cart.Item.as_view(), name="cart-item"),
    path("addresses", addresses.Addresses.as_view(), name="addresses"),
    path("addresses/<int:address>", addresses.Address.as_view(), name="address"),
    path("addresses/<int:address>/default", addresses.DefaultAddress.as_view(), name="address-default"),
    path("checkout", checkout.Checkout.as_view(), name="checkout"),
    path("checkout/calculate", checkout.Calculate.as_view(), name="calculate"),
    path("orders", orders.Orders.as_view(), name="orders"),
    path("orders/<int:order>", orders.Order.as_view(), name="order"),
    path("orders/<int:order>/cancel", orders.CancelOrder.as_view(), name="order-cancel"),
    path("products/<int:product_id>/reviews", reviews.Reviews.as_view(), name="reviews"),
    path("search", search.Search.as_view(), name="search"),
    path("search/suggest", search.Suggest.as_view(), name="search-suggest"),
]
