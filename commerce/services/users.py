from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from commerce.models import ZohoUser
from commerce.services.mirrored import publish_fields, retire_mirrored, save_mirrored
from commerce.values import ZohoUserValues
from tsh_erp.common.upsert import Saved


def save_users(values: Sequence[ZohoUserValues], *, at: datetime) -> Saved:
    """Save users of Zoho. Never touches a login: `link_login` does, for staff."""
    return save_mirrored(ZohoUser, values, at=at)


def retire_users(zoho_ids: Sequence[str], *, at: datetime) -> int:
    return retire_mirrored(ZohoUser, zoho_ids, at=at)


def link_login(user_id: int, login: AbstractBaseUser | None, *, at: datetime) -> None:
    """Say which login is this Zoho user's, or with None that none is. A login belongs to one Zoho user at most."""
    with transaction.atomic():
        user = ZohoUser.objects.select_for_update(of=("self",)).get(pk=user_id)
        if user.login_id == (login and login.pk):
            return
        ZohoUser.objects.filter(pk=user_id).update(login=login, updated_at=at)
        publish_fields(user, ["login"], at=at)
