"""The page of schedules: how often in words, how it went, run now, pause and resume."""

from datetime import UTC, datetime, time, timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.contrib.messages import get_messages
from django.urls import reverse
from django.utils import timezone
from django_q.models import OrmQ, Schedule

from tsh_erp.jobs import schedules
from tsh_erp.jobs.models import JobRun
from tsh_erp.jobs.reading import read_jobs
from tsh_erp.jobs.schedules import Periodic, write_schedules

pytestmark = pytest.mark.django_db
LIST = "admin:django_q_schedule_changelist"
DAY = timedelta(days=1)


@pytest.fixture
def hourly():
    write_schedules(
        [
            Periodic(name="hourly pull", task="zoho_sync.tasks.pull_if_configured", minutes=60, arguments=("full",)),
            Periodic(name="nightly", task="zoho_sync.tasks.prune", daily_at=time(4, 30), cluster="long"),
        ]
    )
    return Schedule.objects.get(name="hourly pull")


def ran(name, *, seconds=2.5, state=JobRun.State.SUCCEEDED, ago=timedelta(minutes=5)):
    begun = timezone.now() - ago
    return JobRun.objects.create(
        name=name,
        state=state,
        started_at=begun,
        finished_at=begun + timedelta(seconds=seconds),
        lease_ends_at=begun + DAY,
        worker="w",
    )


def act(client, schedule, action):
    data = {"action": action, "index": "0", "select_across": "0", "_selected_action": [schedule.pk], "confirmed": "1"}
    answer = client.post(reverse(LIST), data)
    return [str(message) for message in get_messages(answer.wsgi_request)][-1:]


def test_the_list_says_how_often_in_words_and_how_it_went(admin_client, hourly):
    ran("hourly pull", state=JobRun.State.FAILED, ago=timedelta(hours=2))
    last = ran("hourly pull")
    Schedule.objects.update(next_run=timezone.now() + timedelta(minutes=30))

    page = admin_client.get(reverse(LIST)).content.decode()

    assert "hourly" in page
    assert "daily, " in page
    assert "on time" in page
    assert "seconds of the last 2 runs; 1 failed" in page
    assert reverse("admin:jobs_jobrun_change", args=[last.pk]) in page
    assert "2.5" in page


def test_what_nobody_has_started_is_late(admin_client, hourly):
    Schedule.objects.filter(pk=hourly.pk).update(next_run=timezone.now() - timedelta(minutes=10))

    assert "badge-bad" in admin_client.get(reverse(LIST)).content.decode()


def test_a_job_is_run_now_by_its_own_cluster(admin_client, hourly):
    nightly = Schedule.objects.get(name="nightly")

    assert act(admin_client, nightly, "run_now") == ["1 job was called for."]

    task = OrmQ.objects.get()
    assert (task.key, task.func()) == ("long", "tsh_erp.jobs.running.run_job")
    assert task.task["args"] == ("nightly", "zoho_sync.tasks.prune")
    assert LogEntry.objects.get().change_message == "run_now"


def test_a_paused_schedule_is_not_started_not_late_and_survives_a_deploy(admin_client, hourly):
    ran("hourly pull", ago=3 * DAY)

    assert act(admin_client, hourly, "pause") == ["1 schedule was paused."]
    Schedule.objects.filter(pk=hourly.pk).update(next_run=timezone.now() - DAY)

    [job] = [job for job in read_jobs(at=timezone.now()) if job.name == "hourly pull"]
    assert (job.is_paused, job.is_late, job.is_silent) == (True, False, False)
    assert "paused" in admin_client.get(reverse(LIST)).content.decode()
    assert act(admin_client, hourly, "pause") == ["None of the selected rows is in a state for this."]


def test_a_resumed_schedule_waits_for_its_time(hourly):
    at = datetime(2026, 3, 5, 9, 10, tzinfo=UTC)
    Schedule.objects.filter(name="hourly pull").update(repeats=0, next_run=at - 2 * DAY)
    Schedule.objects.filter(name="nightly").update(repeats=0, next_run=datetime(2026, 3, 1, 1, 30, tzinfo=UTC))

    assert schedules.resume(Schedule.objects.all(), at=at) == 2

    times = dict(Schedule.objects.values_list("name", "next_run"))
    assert times == {
        "hourly pull": datetime(2026, 3, 5, 10, 0, tzinfo=UTC),
        "nightly": datetime(2026, 3, 6, 1, 30, tzinfo=UTC),
    }
    assert set(Schedule.objects.values_list("repeats", flat=True)) == {-1}


def test_who_may_not_start_a_sync_may_not_switch_schedules(client, django_user_model, hourly):
    user = django_user_model.objects.create_user("reader", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_schedule"))
    client.force_login(user)

    act(client, hourly, "pause")

    hourly.refresh_from_db()
    assert hourly.repeats == -1


@pytest.mark.parametrize("count", [1, 25])
def test_the_list_takes_a_constant_number_of_queries(admin_client, django_assert_max_num_queries, count):
    write_schedules([Periodic(name=f"job {number}", task="x.y", minutes=5) for number in range(count)])
    for number in range(count):
        ran(f"job {number}")
    admin_client.get(reverse(LIST))

    with django_assert_max_num_queries(12):
        admin_client.get(reverse(LIST))
