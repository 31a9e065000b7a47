"""The overview: what it shows, to whom, from how many queries."""

from __future__ import annotations

import re
from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.auth.models import Group, User
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_q.models import Schedule

from tsh_erp.events.deploys import deploys, record_deploy
from tsh_erp.jobs.models import Heartbeat, JobRun
from zoho_sync import monitoring
from zoho_sync.admin.control_room.reading import read_numbers
from zoho_sync.models import (
    Alert,
    InboxEvent,
    MetricSample,
    Reconciliation,
    ReconciliationResult,
    SyncLog,
    SyncQueueItem,
    SyncRun,
    ZohoConnection,
    ZohoRecord,
)
from zoho_sync.schedules import SCHEDULES
from zoho_sync.tests.seeding import alert, attempt, event, job, letter

pytestmark = pytest.mark.django_db
PAGES = ("/admin/", "/admin/zoho_sync/dashboard/")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def _nothing_kept():
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def page(admin_client):
    """The text of a page, as a superuser reads it."""
    return lambda path="/admin/", **headers: admin_client.get(path, headers=headers).content.decode()


def member_of(group: str) -> User:
    user = User.objects.create_user(group, is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    return user


def tile(html: str, label: str) -> tuple[str, str, str]:
    """Address, number and note of the counter called `label`."""
    [found] = [one for one in re.findall(r'<li class="tile.*?</li>', html, re.S) if f">{label}<" in one]
    address = re.search(r'href="([^"]*)"', found)
    number = re.search(r"<strong>(.*?)</strong>", found, re.S)[1]
    note = re.search(r"<small>(.*?)</small>", found, re.S)
    return (address[1].replace("&amp;", "&") if address else "", number.strip(), note[1].strip() if note else "")


@pytest.mark.parametrize("path", PAGES)
def test_an_empty_system_is_shown_without_a_number_made_up(page, path):
    html = page(path)

    assert "Something is broken" in html
    assert "No queue worker shows a sign of life." in html
    assert html.count("Nothing was measured in this time.") == 5
    assert "never pulled" in html
    assert tile(html, "Success rate")[1] == "—"
    assert tile(html, "Lag behind Zoho")[1] == "—"


def test_counters_are_those_of_monitoring_and_lead_to_their_rows(page, admin_client):
    now = timezone.now()
    event(InboxEvent.State.APPLIED, "1", received_at=now - HOUR, deliveries=3)
    event(InboxEvent.State.INVALID, "2", received_at=now - HOUR)
    event(InboxEvent.State.APPLIED, "3", received_at=now - 2 * DAY)
    attempt(SyncLog.Outcome.APPLIED, at=now - HOUR)
    attempt(SyncLog.Outcome.RETRY, at=now - HOUR)
    job(SyncQueueItem.Status.PENDING, at=now - HOUR)
    letter()

    html = page()

    expected = {
        "Webhooks received": ("4", 2),
        "Received again": ("2", 1),
        "Unreadable": ("1", 1),
        "Records brought in": ("1", 1),
        "Failed attempts": ("1", 1),
        "Jobs pending": ("1", 1),
        "Open dead letters": ("1", 1),
        "Unresolved alerts": ("0", 0),
    }
    for label, (number, rows) in expected.items():
        address, shown, _note = tile(html, label)
        assert (label, shown) == (label, number)
        assert (label, admin_client.get(address).context["cl"].result_count) == (label, rows)
    assert tile(html, "Success rate")[1] == "50.0 %"
    assert tile(html, "Jobs pending")[2] == "oldest: 1 h 0 min ago"


def test_a_day_stands_beside_the_day_before(page):
    now = timezone.now()
    before = now.replace(minute=0, second=0, microsecond=0) - 30 * HOUR
    MetricSample.objects.create(
        resolution="hour", at=before, values={"webhooks.deliveries": 1200, "attempts.good": 7}, taken_at=now
    )
    MetricSample.objects.create(resolution="hour", at=before - DAY, values={"webhooks.deliveries": 5}, taken_at=now)

    html = page()

    assert tile(html, "Webhooks received")[2] == "1,200 the day before"
    assert tile(html, "Records brought in")[2] == "7 the day before"
    assert tile(html, "Failed attempts")[2] == ""


def test_every_link_of_the_page_opens(page, admin_client):
    now = timezone.now()
    run = SyncRun.objects.create(
        module="item", mode=SyncRun.Mode.FULL, status=SyncRun.Status.FAILED, started_at=now, error="<b>boom</b>"
    )
    report = Reconciliation.objects.create(started_at=now, finished_at=now)
    ReconciliationResult.objects.create(
        report=report,
        run=run,
        module="item",
        subject="product",
        theirs=10,
        ours=9,
        compared=10,
        missing=1,
        is_complete=True,
    )
    alert("job_age")
    letter()

    html = page()

    assert "<b>boom" not in html
    main = html[html.index('id="content-start"') :]
    addresses = {one.replace("&amp;", "&") for one in re.findall(r'href="(/admin/[^"]*)"', main)}
    assert len(addresses) > 60
    assert {address: code for address in addresses if (code := admin_client.get(address).status_code) != 200} == {}


def test_a_schedule_that_is_late_or_failed_is_named_and_leads_to_its_runs(page, admin_client):
    now = timezone.now()
    Schedule.objects.create(name="healing", func="f", schedule_type="I", minutes=15, next_run=now - HOUR, repeats=-1)
    JobRun.objects.create(
        name="healing", state=JobRun.State.FAILED, started_at=now - HOUR, finished_at=now, lease_ends_at=now, worker="w"
    )

    html = page()

    work = re.search(r'id="work-schedules".*?</section>', html, re.S)[0]
    [address] = re.findall(r'<a href="([^"]+)">healing</a>', work)
    assert re.findall(r"<span>([^<]+)</span>", work)[0] == "late, silent, failed"
    assert admin_client.get(address).context["cl"].result_count == 1


def test_critical_alerts_come_before_newer_ones(page):
    now = timezone.now()
    alert("old", severity=Alert.Severity.CRITICAL, last_seen_at=now - DAY)
    for number in range(6):
        alert(f"new{number}", last_seen_at=now)

    listed = re.search(r'id="work-alerts".*?</section>', page(), re.S)[0]

    assert re.findall(r">Alert (\w+)<", listed) == ["old", "new5", "new4", "new3", "new2"]


def test_an_entity_shows_how_new_and_how_equal_it_is(page):
    now = timezone.now()
    for mode, ago in ((SyncRun.Mode.FULL, 20), (SyncRun.Mode.INCREMENTAL, 1)):
        SyncRun.objects.create(module="item", mode=mode, status=SyncRun.Status.COMPLETED, started_at=now - ago * HOUR)
    for number, state in enumerate((ZohoRecord.State.PRESENT, ZohoRecord.State.INACTIVE, ZohoRecord.State.GONE)):
        ZohoRecord.objects.create(module="item", zoho_id=str(number), state=state, observed_at=now)
    report = Reconciliation.objects.create(started_at=now, finished_at=now)
    ReconciliationResult.objects.create(
        report=report, module="item", subject="product", theirs=40, ours=38, compared=40, missing=2, is_complete=True
    )
    attempt(SyncLog.Outcome.DEAD, at=now - HOUR)

    html = page()

    row = re.search(r'<tr>\s*<th scope="row">\s*<a href="/admin/catalog/product/">.*?</tr>', html, re.S)[0]
    cells = [re.sub(r"<[^>]*>|\s+", " ", one).strip() for one in re.findall(r"<td.*?</td>", row, re.S)]
    assert cells[:8] == ["fresh", "20 h 0 min ago", "1 h 0 min ago", "—", "2", "40", "5.0 %", "1"]


def test_sync_now_starts_an_incremental_pull_of_one_kind(admin_client, page, settings):
    for name in ("ZOHO_CLIENT_ID", "ZOHO_CLIENT_SECRET", "ZOHO_REFRESH_TOKEN", "ZOHO_ORGANIZATION_ID"):
        setattr(settings, name, "1")
    form = re.search(r'<form method="post" action="(\S+)">(?:(?!</form>).)*pull:item".*?</form>', page(), re.S)
    fields = dict(re.findall(r'name="(what|mode|batch_size)" value="([^"]*)"', form[0]))

    admin_client.post(form[1], fields)

    run = SyncRun.objects.get()
    assert (run.kind, run.module, run.mode, run.trigger) == ("pull", "item", "incremental", "admin")


def test_who_may_not_run_it_is_offered_nothing_to_run(client):
    client.force_login(member_of("Read-only"))

    html = client.get("/admin/").content.decode()

    assert "By kind of record" in html
    assert "pull:item" not in html


def test_a_number_is_no_link_for_who_may_not_see_its_rows(client):
    client.force_login(member_of("Read-only"))

    html = client.get("/admin/").content.decode()

    addresses = {one.replace("&amp;", "&") for one in re.findall(r'href="(/admin/[^"]*)"', html)}
    assert {
        address: code for address in addresses if (code := client.get(address, follow=True).status_code) != 200
    } == {}


@pytest.mark.parametrize("group", ["Accountant", "Sales", "Warehouse", "Content editor"])
def test_others_see_no_sync(client, group):
    client.force_login(member_of(group))

    html = client.get("/admin/").content.decode()

    assert "sync-health" not in html
    assert "/admin/zoho_sync/" not in html
    assert client.get("/admin/zoho_sync/dashboard/").status_code == 403


def test_deploys_are_marked_once_for_each_version(page):
    now = timezone.now()
    for version, ago in (("1.0", 60 * DAY), ("1.1", 5 * HOUR), ("1.1", 4 * HOUR), ("1.2", 3 * HOUR)):
        record_deploy(version, at=now - ago)
    MetricSample.objects.create(
        resolution="hour",
        at=now.replace(minute=0, second=0, microsecond=0) - 2 * HOUR,
        values={"attempts.good": 1},
        taken_at=now,
    )

    assert [one.version for one in deploys(since=now - DAY)] == ["1.1", "1.2"]
    assert page().count("version 1.1") >= 1


def test_all_of_it_is_arabic_and_runs_from_the_right(admin_client):
    now = timezone.now()
    hour = now.replace(minute=0, second=0, microsecond=0)
    for back in (2, 3):
        MetricSample.objects.create(
            resolution="hour", at=hour - back * HOUR, values={"attempts.good": back}, taken_at=now
        )

    html = admin_client.get("/admin/", headers={"accept-language": "ar"}).content.decode()

    assert '<html lang="ar" dir="rtl">' in html
    drawn = re.search(r'aria-labelledby="per-hour-title.*?</svg>', html, re.S)[0]
    left = [float(x) for x in re.findall(r'class="tone-good" x="([\d.]+)"', drawn)]
    assert left == sorted(left, reverse=True)
    assert len(left) == 2


def test_the_numbers_are_read_once_for_all_who_look(admin_client):
    admin_client.get("/admin/")

    with CaptureQueriesContext(
        connection,
    ) as queries:
        admin_client.get("/admin/")

    assert len(queries) <= 5  # session, user, recent actions


def furnish(rows: int) -> None:
    now = timezone.now()
    Heartbeat.objects.create(cluster="tsh_erp", host=f"h{rows}", pid=1, beat_at=now)
    for number in range(rows):
        key = f"{rows}-{number}"
        event(InboxEvent.State.APPLIED, key, received_at=now, modified_at=now, settled_at=now)
        attempt(SyncLog.Outcome.RETRY, at=now, zoho_id=key)
        for status in (SyncQueueItem.Status.PENDING, SyncQueueItem.Status.RETRY, SyncQueueItem.Status.PROCESSING):
            job(status, at=now)
        letter(key)
        alert(key, severity=Alert.Severity.CRITICAL)
        SyncRun.objects.create(module="item", mode="full", status="failed", started_at=now)
        ZohoRecord.objects.create(module="item", zoho_id=key, observed_at=now)


@pytest.fixture
def zoho(settings):
    """A configured Zoho that has been called, and all schedules with a run each."""
    for name in ("ZOHO_CLIENT_ID", "ZOHO_CLIENT_SECRET", "ZOHO_REFRESH_TOKEN", "ZOHO_ORGANIZATION_ID"):
        setattr(settings, name, "1")
    now = timezone.now()
    ZohoConnection.objects.create(organization_id="1", access_token_expires_at=now + HOUR)
    call_command("sync_schedules", stdout=StringIO())
    for schedule in SCHEDULES:
        JobRun.objects.create(
            name=schedule.name, state=JobRun.State.SUCCEEDED, started_at=now, finished_at=now, lease_ends_at=now
        )


@pytest.mark.usefixtures("zoho")
@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("group", ["", "Read-only"])
def test_a_page_that_reads_everything_anew_takes_few_queries_however_much_there_is(admin_client, path, group):
    if group:
        admin_client.force_login(member_of(group))
    counts = []
    for rows in (1, 30):
        furnish(rows)
        cache.clear()
        with CaptureQueriesContext(connection) as queries:
            assert "sync-health" in admin_client.get(path).content.decode()
        counts.append(len(queries))

    assert counts[0] == counts[1]
    assert counts[1] <= 20, "\n".join(one["sql"][:160] for one in queries)


def test_what_is_kept_says_when_it_was_read(page):
    first = read_numbers()

    assert read_numbers().at == first.at
    assert timezone.localtime(first.at).strftime("%H:%M:%S") in page()


def test_open_errors_come_with_the_most_first_and_only_what_is_open():
    letter("1")
    letter("2", state="discarded")

    [found] = monitoring.open_errors(at_most=5)
    assert (found.group.fingerprint, found.letters) == ("f", 1)
