"""How things stand for all phones: the settings of the apps, and the versions of everything an answer is made of.

One query. It comes before all others of a request, so that an answer is never older than the versions it names.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Max, Subquery
from django.db.models.expressions import RawSQL
from django.utils import timezone

from catalog.choices import Subject
from catalog.models import Freshness
from commerce.models import AppSettings, Banner, Promotion
from commerce.models.app_settings import THE_ONE

STALE_AFTER = timedelta(hours=1)  # stock is asked for every 15 minutes
WINDOWS = ((Promotion, "promotion"), (Banner, "banner"))
BOUNDED = frozenset({Subject.PROMOTIONS, Subject.APPS})
_AS_OBJECT = {"postgresql": "json_object_agg", "sqlite": "json_group_object"}


@dataclass(frozen=True, kw_only=True)
class Standing:
    """`turned` are the last moments at which a promotion or banner began or ended; the rest that time alone changes,
    it changes at midnight.

    `confirmed_at` is when Zoho was last asked and answered; None: never.
    """

    settings: AppSettings
    versions: Mapping[str, int]
    turned: tuple[datetime | None, ...]
    confirmed_at: datetime | None
    at: datetime

    def stamp(self, subjects: Iterable[Subject]) -> tuple[Any, ...]:
        """What is another value as soon as something about `subjects` changed."""
        wanted = sorted(subjects)
        turned = self.turned if BOUNDED.intersection(wanted) else ()
        return (*(self.versions.get(subject.value, 0) for subject in wanted), *turned, self.is_stale, self.today)

    @property
    def catalog_version(self) -> int:
        """Rises with whatever changes."""
        return sum(self.versions.values())

    @property
    def today(self) -> date:
        return timezone.localdate(self.at)

    @property
    def age_seconds(self) -> int | None:
        return None if self.confirmed_at is None else max(0, int((self.at - self.confirmed_at).total_seconds()))

    @property
    def is_stale(self) -> bool:
        return self.confirmed_at is None or self.at - self.confirmed_at > STALE_AFTER


def read_standing(at: datetime) -> Standing:
    """How things stand now. One query; two as long as nobody has saved the settings of the apps."""
    turned = {
        f"{name}_{bound}": Subquery(_last(model, bound, at)) for model, name in WINDOWS for bound in ("starts", "ends")
    }
    found: Any = (
        AppSettings.objects.select_related("consumer_price_list")
        .filter(pk=THE_ONE)
        .annotate(versions=_versions(), confirmed_at=Subquery(_confirmed()), **turned)
        .first()
    )
    if found is None:
        return _without_settings(at)
    return Standing(
        settings=found,
        versions=_read(found.versions),
        turned=tuple(getattr(found, name) for name in turned),
        confirmed_at=found.confirmed_at,
        at=at,
    )


def _without_settings(at: datetime) -> Standing:
    """Nobody has saved any: the defaults, by which no promotion and no banner is shown either."""
    rows = list(Freshness.objects.order_by().values_list("subject", "version", "updated_at"))
    confirmed = {subject: updated_at for subject, _version, updated_at in rows}.get(Subject.MIRROR.value)
    return Standing(
        settings=AppSettings(pk=THE_ONE),
        versions={subject: version for subject, version, _updated_at in rows},
        turned=(at.replace(second=0, microsecond=0),),
        confirmed_at=confirmed,
        at=at,
    )


def _versions() -> RawSQL:
    table = connection.ops.quote_name(Freshness._meta.db_table)
    # Names of ours, no parameters.
    return RawSQL(f"(SELECT {_AS_OBJECT[connection.vendor]}(subject, version) FROM {table})", ())  # noqa: S608, S611


def _confirmed() -> Any:
    return Freshness.objects.filter(subject=Subject.MIRROR).values("updated_at")


def _last(model: type[Promotion | Banner], bound: str, at: datetime) -> Any:
    """The latest moment up to `at` that an active row names as its beginning or end."""
    column = f"{bound}_at"
    rows = model._default_manager.filter(is_active=True, **{f"{column}__lte": at}).order_by().values("is_active")
    return rows.annotate(last=Max(column)).values("last")


def _read(stored: Any) -> Mapping[str, int]:
    """PostgreSQL's driver has read the JSON, SQLite's has not."""
    return (json.loads(stored) if isinstance(stored, str) else stored) or {}
