"""Pages of long lists."""

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tsh_erp.admin_site.paging import BoundedPaginator

pytestmark = pytest.mark.django_db


def test_a_page_is_found_by_its_keys_before_its_rows_are_read():
    crew = Group.objects.create(name="crew")
    for number in range(25):
        User.objects.create(username=f"u{24 - number:02}").groups.add(crew)
    rows = User.objects.filter(groups__name="crew").prefetch_related("groups").order_by("username", "pk")

    with CaptureQueriesContext(connection) as queries:
        page = BoundedPaginator(rows, 10).page(2)
        shown = [user.username for user in page.object_list]

    assert shown == [f"u{number:02}" for number in range(10, 20)]
    count, keys, whole, _groups = (one["sql"] for one in queries)
    assert "COUNT" in count
    assert '"password"' not in keys
    assert '"password"' in whole
    assert "LIMIT" not in whole
    assert [user.username for user in BoundedPaginator(rows, 10).page(3).object_list] == [
        f"u{number:02}" for number in range(20, 25)
    ]
