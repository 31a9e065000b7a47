"""The menu: pages grouped by what people do with them. Apps say where their tables belong when they are loaded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Section(Enum):
    """A group of the menu, in this order."""

    SYNC = "sync"
    CATALOGUE = "catalogue"
    SALES = "sales"
    PURCHASES = "purchases"
    STOCK = "stock"
    APPS = "apps"
    SYSTEM = "system"


NAMES: Mapping[Section, str | Promise] = {
    Section.SYNC: _("Sync"),
    Section.CATALOGUE: _("Catalogue"),
    Section.SALES: _("Sales"),
    Section.PURCHASES: _("Purchases"),
    Section.STOCK: _("Stock"),
    Section.APPS: _("Apps"),
    Section.SYSTEM: _("System"),
}


@dataclass
class Places:
    """Where each table stands: `tables` in the order of the menu, `homes` of what is not named by app."""

    tables: dict[str, Section] = field(default_factory=dict)
    homes: dict[str, Section] = field(default_factory=dict)

    def put(self, section: Section, *labels: str) -> None:
        """These tables ("commerce.Invoice") are what people come to `section` for, in this order."""
        self.tables |= {label.lower(): section for label in labels}

    def put_rest(self, app_label: str, section: Section) -> None:
        """Every other table of an app stands folded away at the end of `section`."""
        self.homes[app_label] = section


places = Places()
places.put(Section.SYSTEM, "auth.User", "auth.Group", "auditing.AuditEntry", "axes.AccessAttempt")
places.put(Section.SYSTEM, "jobs.JobRun", "jobs.Heartbeat", "events.StoredEvent")


@dataclass(frozen=True)
class Entry:
    """A page of the menu."""

    name: str
    address: str
    is_current: bool


@dataclass(frozen=True)
class Group:
    """A section as one person sees it: what it is for, and the rest."""

    key: str
    name: str | Promise
    entries: Sequence[Entry]
    rest: Sequence[Entry]

    @property
    def is_current(self) -> bool:
        return any(entry.is_current for entry in (*self.entries, *self.rest))

    @property
    def is_rest_current(self) -> bool:
        return any(entry.is_current for entry in self.rest)


def build_menu(apps: Iterable[Mapping[str, Any]], path: str) -> list[Group]:
    """The menu of who is at `path` and may see `apps`, which are what `AdminSite.get_app_list` gives."""
    order = {label: number for number, label in enumerate(places.tables)}
    main: dict[Section, list[tuple[int, Entry]]] = {section: [] for section in Section}
    rest: dict[Section, list[Entry]] = {section: [] for section in Section}
    for app in apps:
        for model in app["models"]:
            address = model["admin_url"]
            if not address:
                continue
            label = model["model"]._meta.label_lower
            entry = Entry(str(model["name"]), address, path.startswith(address))
            if label in places.tables:
                main[places.tables[label]].append((order[label], entry))
            else:
                rest[places.homes.get(app["app_label"], Section.SYSTEM)].append(entry)
    return [
        Group(
            section.value,
            NAMES[section],
            [entry for _number, entry in sorted(main[section], key=lambda pair: pair[0])],
            sorted(rest[section], key=lambda entry: entry.name),
        )
        for section in Section
        if main[section] or rest[section]
    ]
