from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from tsh_erp.admin_site.display import NOTHING, shown_json
from tsh_erp.admin_site.read_only import GrowingTableAdmin
from zoho_sync.admin.record_pages import time_column
from zoho_sync.models import MetricSample
from zoho_sync.monitoring import METRICS


def _number(name: str) -> Any:
    """A column with one number of the sample."""

    @admin.display(description=METRICS[name].label)
    def column(self: Any, sample: MetricSample) -> str:
        value = sample.values.get(name)
        return NOTHING if value is None else f"{value:g}"

    return column


@admin.register(MetricSample)
class MetricSampleAdmin(GrowingTableAdmin):
    """The numbers of each minute and hour."""

    list_display = (
        "begins",
        "resolution",
        "pending",
        "oldest_due",
        "webhooks",
        "brought_in",
        "failed",
        "api_calls",
    )
    list_filter = ("resolution", "at")
    sortable_by = ("begins",)
    fields = ("begins", "resolution", "taken", "shown_values")
    readonly_fields = ("begins", "taken", "shown_values")

    begins = time_column("at", _("begins at"), sorts=True)
    taken = time_column("taken_at", _("taken at"))
    pending = _number("queue.pending")
    oldest_due = _number("queue.oldest_due_seconds")
    webhooks = _number("webhooks.deliveries")
    brought_in = _number("attempts.good")
    failed = _number("attempts.failed")
    api_calls = _number("api.calls")

    @admin.display(description=_("values"))
    def shown_values(self, sample: MetricSample) -> SafeString | str:
        return shown_json(sample.values)
