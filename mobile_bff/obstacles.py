"""What stands in the way of an order, in words."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from commerce.quotes import Obstacle

OBSTACLES: Mapping[Obstacle, Promise] = {
    Obstacle.UNAVAILABLE: _("This product is not sold at the moment."),
    Obstacle.NO_PRICE: _("This product has no price for you."),
    Obstacle.WRONG_CURRENCY: _("All prices of a cart must be in its currency."),
    Obstacle.INSUFFICIENT_STOCK: _("There is not enough of this product."),
    Obstacle.PRICE_CHANGED: _("The price has changed."),
    Obstacle.EMPTY_CART: _("There is nothing in the cart."),
    Obstacle.SIGN_IN_REQUIRED: _("Sign in first."),
    Obstacle.CUSTOMER_INACTIVE: _("This customer is on hold."),
    Obstacle.ADDRESS_REQUIRED: _("Say where it is to be delivered."),
    Obstacle.DELIVERY_METHOD_REQUIRED: _("Choose a way of delivery."),
    Obstacle.DELIVERY_METHOD_UNAVAILABLE: _("This way of delivery is not available here."),
    Obstacle.PAYMENT_METHOD_REQUIRED: _("Choose a way to pay."),
    Obstacle.PAYMENT_METHOD_UNAVAILABLE: _("This way to pay is not available now."),
}
