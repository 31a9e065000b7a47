"""What may be asked of a sync, read strictly and turned into the runs to start."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from tsh_erp.rest.strict import PastMomentField, StrictBooleanField, StrictIntegerField, StrictSerializer
from zoho_sync.models import SyncRun
from zoho_sync.tasks import Order, orders_for_everything

LEAST_BATCH, MOST_BATCH, BATCH = 10, 200, 100


class SyncRequest(StrictSerializer):
    """How to sync. Without anything: what changed since the last time."""

    incremental = StrictBooleanField(
        default=None, help_text=_("What changed since the last time (true, the default), or everything (false).")
    )
    modified_since = PastMomentField(
        default=None, allow_null=True, help_text=_("What changed since this time, wherever the last sync came to.")
    )
    batch_size = StrictIntegerField(
        default=BATCH, min_value=LEAST_BATCH, max_value=MOST_BATCH, help_text=_("Records stored at once.")
    )
    active_only = StrictBooleanField(default=False, help_text=_("Leave out what is inactive in Zoho."))
    with_stock_only = StrictBooleanField(default=False, help_text=_("Leave out products without stock."))
    sync_images = StrictBooleanField(default=False, help_text=_("Fetch new and changed product images too."))

    ONLY_PRODUCTS = ("with_stock_only", "sync_images")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["modified_since"] and attrs["incremental"] is False:
            text = _("“incremental” is false, which means everything: it cannot be combined with “modified_since”.")
            raise serializers.ValidationError({"incremental": [text]}, code="contradiction")
        if self.context.get("without_products"):
            text = _("true makes sense for products only.")
            if errors := {name: [text] for name in self.ONLY_PRODUCTS if attrs[name]}:
                raise serializers.ValidationError(errors, code="only_products")
        return attrs


def mode_of(wish: Mapping[str, Any]) -> SyncRun.Mode:
    if wish["modified_since"]:
        return SyncRun.Mode.SINCE
    return SyncRun.Mode.FULL if wish["incremental"] is False else SyncRun.Mode.INCREMENTAL


def options_of(wish: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "batch_size": wish["batch_size"],
        "active_only": wish["active_only"],
        "with_stock_only": wish["with_stock_only"],
        "images": wish["sync_images"],
    }


def orders_for(module: str | None, wish: Mapping[str, Any]) -> list[Order]:
    """The runs that were wished for: of one module, or of all."""
    mode, since, options = mode_of(wish), wish["modified_since"], options_of(wish)
    if module is None:
        return orders_for_everything(mode, since=since, options=options)
    return [Order(kind=SyncRun.Kind.PULL, module=module, mode=mode, since=since, options=options)]
