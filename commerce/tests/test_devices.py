import uuid
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from knox.crypto import hash_token

from commerce.models import DeviceToken
from commerce.services.devices import (
    MOST_DEVICES,
    DeviceInfo,
    end_device,
    end_devices,
    prune_devices,
    refresh_device,
    start_device,
    touch_device,
)
from commerce.tests.builders import NOON

pytestmark = pytest.mark.django_db
PHONE = DeviceInfo(device_id="d-1", name="Sara's phone", app="consumer", app_version="1.2.0", platform="android")


@pytest.fixture
def user() -> User:
    return User.objects.create_user("sara", password="plum-Tree-42")


def live(user: User, at=NOON) -> set[str]:
    return {row.digest for row in DeviceToken.objects.live(at).filter(user=user)}


def test_a_token_is_kept_as_its_digest_only_and_lives_for_30_days(user):
    issued = start_device(user, PHONE, at=NOON)

    row = DeviceToken.objects.get()
    assert row.digest == hash_token(issued.token)
    assert len(issued.token) == 64
    assert not any(issued.token in str(value) for value in DeviceToken.objects.values_list().get())
    assert (row.expiry, issued.expires_in) == (NOON + timedelta(days=30), 2_592_000)
    assert (row.device_id, row.name, row.platform) == ("d-1", "Sara's phone", "android")


def test_the_same_device_signing_in_again_has_one_token(user):
    first = start_device(user, PHONE, at=NOON)

    second = start_device(user, PHONE, at=NOON)

    assert live(user) == {second.device.digest}
    assert first.device.digest != second.device.digest


def test_devices_that_say_nothing_of_themselves_are_each_their_own(user):
    start_device(user, DeviceInfo(), at=NOON)
    start_device(user, DeviceInfo(), at=NOON)

    assert len(live(user)) == 2


def test_another_login_with_the_same_device_id_stays_signed_in(user):
    other = User.objects.create_user("other")
    start_device(other, PHONE, at=NOON)

    start_device(user, PHONE, at=NOON)

    assert len(live(other)) == 1


def test_the_device_unused_for_longest_makes_room(user):
    issued = [start_device(user, DeviceInfo(), at=NOON + timedelta(minutes=n)) for n in range(MOST_DEVICES + 1)]

    assert live(user) == {one.device.digest for one in issued[1:]}


def test_a_refresh_gives_a_new_token_and_the_old_one_ends_after_a_minute(user):
    old = start_device(user, PHONE, at=NOON)
    later = NOON + timedelta(days=3)

    new = refresh_device(old.device, DeviceInfo(), at=later)

    assert live(user, later + timedelta(seconds=59)) == {old.device.digest, new.device.digest}
    assert live(user, later + timedelta(seconds=60)) == {new.device.digest}
    assert (new.device.device, new.device.name, new.device.signed_in_at) == (old.device.device, "Sara's phone", NOON)


def test_a_lost_answer_of_a_refresh_can_be_asked_for_again(user):
    old = start_device(user, PHONE, at=NOON)
    lost = refresh_device(old.device, PHONE, at=NOON)

    again = refresh_device(old.device, PHONE, at=NOON + timedelta(seconds=30))

    after = NOON + timedelta(minutes=2)
    assert live(user, after) == {lost.device.digest, again.device.digest}
    newest = refresh_device(again.device, PHONE, at=after)
    assert live(user, after) == {again.device.digest, newest.device.digest}
    assert live(user, after + timedelta(minutes=1)) == {newest.device.digest}


def test_asking_again_does_not_lengthen_the_minute(user):
    old = start_device(user, PHONE, at=NOON)
    refresh_device(old.device, PHONE, at=NOON)

    refresh_device(old.device, PHONE, at=NOON + timedelta(seconds=50))

    assert DeviceToken.objects.get(pk=old.device.pk).expiry == NOON + timedelta(seconds=60)
    assert refresh_device(old.device, PHONE, at=NOON + timedelta(seconds=61)) is None


def test_a_token_that_was_ended_cannot_be_refreshed(user):
    old = start_device(user, PHONE, at=NOON)
    end_devices(user)

    assert refresh_device(old.device, PHONE, at=NOON) is None
    assert live(user) == set()


def test_using_a_token_lengthens_its_life_at_most_once_an_hour(user, django_assert_num_queries):
    held = start_device(user, PHONE, at=NOON).device
    with django_assert_num_queries(0):
        touch_device(held, PHONE, at=NOON + timedelta(minutes=59))

    touch_device(held, DeviceInfo(app_version="1.3.0", address="203.0.113.7"), at=NOON + timedelta(hours=2))

    held.refresh_from_db()
    assert held.expiry == NOON + timedelta(days=30, hours=2)
    assert (held.last_used_at, held.app_version, held.address) == (NOON + timedelta(hours=2), "1.3.0", "203.0.113.7")


def test_a_replaced_token_never_lives_longer(user):
    old = start_device(user, PHONE, at=NOON).device
    refresh_device(old, PHONE, at=NOON + timedelta(hours=2))

    touch_device(old, PHONE, at=NOON + timedelta(hours=2, seconds=10))  # read before it was replaced

    assert DeviceToken.objects.get(pk=old.pk).expiry == NOON + timedelta(hours=2, seconds=60)


def test_ending_a_device_ends_its_old_token_too_and_no_other_device(user):
    old = start_device(user, PHONE, at=NOON)
    refresh_device(old.device, PHONE, at=NOON)
    tablet = start_device(user, DeviceInfo(device_id="d-2"), at=NOON)

    assert end_device(user, old.device.device)

    assert live(user) == {tablet.device.digest}
    assert not end_device(user, uuid.uuid4())


def test_nobody_ends_the_device_of_another_login(user):
    device = start_device(user, PHONE, at=NOON).device.device

    assert not end_device(User.objects.create_user("other"), device)

    assert len(live(user)) == 1


def test_expired_tokens_are_forgotten_a_month_later(user):
    start_device(user, PHONE, at=NOON)

    assert prune_devices(at=NOON + timedelta(days=59)) == 0
    assert prune_devices(at=NOON + timedelta(days=61)) == 1
