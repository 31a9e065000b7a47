"""What happened to an event, in order: it came, it was tried, it was settled."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tsh_erp.admin_site.display import plain, row_link
from zoho_sync.admin.states import state_badge
from zoho_sync.models import InboxEvent, SyncLog

MOST_ATTEMPTS = 20


@dataclass(frozen=True, kw_only=True)
class Step:
    """One line: when, what, and more about it; `page` is a link to what it was."""

    at: datetime | None
    what: SafeString | str
    more: str = ""
    page: SafeString | str = ""


def timeline_of(event: InboxEvent) -> Iterator[Step]:
    """The steps of `event`; of many attempts the last `MOST_ATTEMPTS`. Two queries at the most."""
    yield Step(at=event.received_at, what=_("received"), more=event.path)
    if event.deliveries > 1:
        times = ngettext("%(count)d delivery in all", "%(count)d deliveries in all", event.deliveries)
        yield Step(at=event.last_delivered_at, what=_("delivered again"), more=times % {"count": event.deliveries})
    yield from _attempts(event)
    if event.settled_at:
        yield Step(
            at=event.settled_at, what=state_badge(event.state, event.get_state_display()), more=plain(event.reason)
        )
    elif event.state == InboxEvent.State.QUEUED:
        yield Step(at=None, what=_("waiting for a worker"))


def _attempts(event: InboxEvent) -> Iterator[Step]:
    if not event.zoho_id:
        return
    tried = SyncLog.objects.filter(module=event.module, zoho_id=event.zoho_id, started_at__gte=event.received_at)
    if event.settled_at:
        tried = tried.filter(started_at__lte=event.settled_at)
    for entry in reversed(tried.order_by("-id")[:MOST_ATTEMPTS]):
        yield Step(
            at=entry.started_at,
            what=state_badge(entry.outcome, entry.get_outcome_display()),
            more=plain(entry.message),
            page=row_link(entry, _("attempt %(number)d") % {"number": entry.attempt}),
        )
