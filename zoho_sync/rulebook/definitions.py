"""The book itself. Texts are message ids; `make messages` collects them."""

from __future__ import annotations

from datetime import time

from django.conf import settings
from django.utils.translation import gettext_noop as _

from zoho_sync.models import Alert
from zoho_sync.rulebook.kinds import CHANNEL_FAILED, RULE_BROKEN, Comparison, Definition

CRITICAL = Alert.Severity.CRITICAL
HOUR, DAY = 60, 24 * 60
SATURDAY_TO_THURSDAY = (0, 1, 2, 3, 5, 6)
# While these last, that nothing is brought in from Zoho needs no alert of its own.
ZOHO_IS_AWAY = ("zoho_login", "zoho_breaker")
SILENCE, HEARTBEAT, DRIFT = "webhook_silence", "no_heartbeat", "drift"
HEARTBEAT_SECONDS = 120


MEASURED: tuple[Definition, ...] = (
    Definition(
        code="job_age",
        name=_("Oldest waiting job"),
        title=_("The oldest waiting job has been due for %(value)s"),
        detail=_("Jobs that wait: %(jobs)s. None should be due for %(limit)s."),
        unit="seconds",
        threshold=300,
        critical=900,
        runbook=_(
            "See whether the queue workers run (Heartbeats), whether one error fills the queue (Queue, by status "
            "“waiting to retry”), and whether a limit or the breaker of Zoho holds the jobs back (Zoho connections)."
        ),
    ),
    Definition(
        code="dead_letters",
        name=_("Many new dead letters"),
        title=_("New dead letters within %(window)s: %(value)s"),
        detail=_("So many at once usually have one cause. Ignored error groups are not counted."),
        unit="count",
        threshold=10,
        window=15,
        severity=CRITICAL,
        runbook=_(
            "Open the error groups, the largest first. Mend the cause, then retry the whole group; what will never "
            "work is discarded with a reason, or its group ignored."
        ),
    ),
    Definition(
        code="success_rate",
        name=_("Success rate"),
        title=_("Only %(value)s of the attempts to bring a record in succeed"),
        detail=_("Of %(attempts)s within %(window)s. It should not be less than %(limit)s."),
        unit="share",
        comparison=Comparison.BELOW,
        threshold=0.95,
        critical=0.80,
        window=HOUR,
        runbook=_("Look at the dead letters and at events that cannot be read (Inbox, by state) of that time."),
    ),
    Definition(
        code=SILENCE,
        name=_("Silence of webhooks"),
        title=_("No webhook for %(value)s"),
        detail=_("Expected in that time: %(expected)s. Zoho may be posting to another address, or not at all."),
        unit="minutes",
        threshold=60,
        severity=CRITICAL,
        active_from=time(9, 0),
        active_until=time(18, 0),
        active_days=SATURDAY_TO_THURSDAY,
        runbook=_(
            "In Zoho, see under Settings, Automation, Webhooks and Workflow Logs whether calls are made and what "
            "they were answered. 401: the secret differs. 404: the address. Nothing: the workflow rule is off. "
            "Then replay the time that was missed: an incremental sync brings in what changed."
        ),
    ),
    Definition(
        code="invalid_payloads",
        name=_("Many webhooks that cannot be read"),
        title=_("Webhooks within %(window)s that cannot be read: %(value)s"),
        detail=_("Zoho is sending something new, or somebody else is sending."),
        unit="count",
        threshold=20,
        window=HOUR,
        severity=CRITICAL,
        runbook=_(
            "Open the events (Inbox, state “invalid”), compare their bodies with docs/zoho.md; replay once it is read."
        ),
    ),
    Definition(
        code="freshness",
        name=_("Age of what we know"),
        title=_("%(subject)s: last brought up to date %(value)s ago"),
        detail=_("A pull should succeed at least every %(limit)s."),
        unit="minutes",
        threshold=3 * HOUR,
        critical=DAY,
        because_of=ZOHO_IS_AWAY,
        runbook=_("See the latest sync runs of this kind of record and what they say; resume the one that failed."),
    ),
    Definition(
        code="stock_freshness",
        name=_("Age of the stock figures"),
        title=_("Stock was last brought up to date %(value)s ago"),
        detail=_("The stock sync should succeed at least every %(limit)s."),
        unit="minutes",
        threshold=30,
        critical=4 * HOUR,
        because_of=ZOHO_IS_AWAY,
        runbook=_(
            "See the latest stock runs and what they say; `manage.py sync_stock --mode incremental` runs one now."
        ),
    ),
    Definition(
        code="schedule_late",
        name=_("Late jobs"),
        title=_("The periodic job “%(subject)s” is late by %(value)s"),
        detail=_("Nobody has started it."),
        unit="minutes",
        threshold=5,
        runbook=_("The scheduler lives in the queue cluster: see Heartbeats, and the log of `tsh_erp.jobs.supervise`."),
    ),
    Definition(
        code="schedule_failed",
        name=_("Failed jobs"),
        title=_("The periodic job “%(subject)s” failed; in a row: %(value)s"),
        detail=_("It ends with an error whenever it runs."),
        unit="count",
        threshold=1,
        runbook=_("Open Runs of jobs, filter by its name, and read the error of the last one."),
    ),
    Definition(
        code="schedule_silent",
        name=_("Silent jobs"),
        title=_("The periodic job “%(subject)s” has not been done for a long time"),
        detail=_("It should have been done at least twice since it last worked."),
        unit="count",
        runbook=_("Open Runs of jobs, filter by its name: it hangs, fails, or is never started."),
    ),
    Definition(
        code=HEARTBEAT,
        name=_("No sign of life"),
        title=_("The cluster “%(subject)s” has shown no sign of life for %(value)s"),
        detail=_("Its supervisor restarts a cluster that hangs; where none runs, nothing is brought in."),
        unit="seconds",
        threshold=lambda: max(HEARTBEAT_SECONDS, settings.TDS_HEARTBEAT_SECONDS),
        severity=CRITICAL,
        runbook=_("See whether `python -m tsh_erp.jobs.supervise` runs for that cluster, and start it."),
    ),
    Definition(
        code="token_refresh",
        name=_("Access token not renewed"),
        title=_("There has been no valid access token for Zoho for %(value)s"),
        detail=_("The last answer of Zoho to a refresh: %(error)s"),
        unit="minutes",
        threshold=10,
        severity=CRITICAL,
        because_of=ZOHO_IS_AWAY,
        runbook=_("`manage.py zoho_connect` tests the login and says what is wrong with it."),
    ),
    Definition(
        code="api_budget",
        name=_("API calls of the day"),
        title=_("%(value)s of today's Zoho API calls are used"),
        detail=_("%(used)s of %(calls)s. Webhooks keep the last tenth; pulls pause by priority before."),
        unit="share",
        threshold=0.80,
        critical=0.95,
        runbook=_("API usage shows what the calls were made for. A large first load may be spread over days."),
    ),
    Definition(
        code="disk",
        name=_("Disk"),
        title=_("%(value)s of the disk is in use"),
        detail=_("%(free)s are free."),
        unit="share",
        threshold=0.85,
        critical=0.95,
        runbook=_("Remove old logs and backups, shorten the retention (TDS_…_RETENTION_DAYS), or enlarge the disk."),
    ),
    Definition(
        code="database_size",
        name=_("Size of the database"),
        title=_("The database has grown to %(value)s"),
        detail=_("It was expected to stay below %(limit)s."),
        unit="gigabytes",
        threshold=20,
        runbook=_(
            "See whether the retention job runs; shorten what is kept (TDS_…_RETENTION_DAYS), or raise this limit."
        ),
    ),
    Definition(
        code="events_given_up",
        name=_("Domain events given up"),
        title=_("Domain events given up by %(subject)s: %(value)s"),
        detail=_("They are kept and tried again when a person says so."),
        unit="count",
        threshold=1,
        runbook=_("Open Failed deliveries, read the error, mend it, then have them tried again."),
    ),
    Definition(
        code="run_failed",
        name=_("Failed sync runs"),
        title=_("%(subject)s: the sync run failed; in a row: %(value)s"),
        detail=_("The last one said: %(error)s"),
        unit="count",
        threshold=1,
        window=DAY,
        because_of=ZOHO_IS_AWAY,
        runbook=_("Open the run; it is resumed from where it stopped, there or with `manage.py sync_zoho --resume`."),
    ),
    Definition(
        code=CHANNEL_FAILED,
        name=_("Alerts cannot be sent"),
        title=_("Alert messages that could not be sent (%(subject)s): %(value)s"),
        detail=_("The last one failed with: %(error)s"),
        unit="count",
        threshold=1,
        window=DAY,
        runbook=_(
            "`manage.py zoho_alerts --test` sends a test message and says what happened. Check EMAIL_URL and "
            "ALERT_WEBHOOK_URL."
        ),
    ),
)

RAISED: tuple[Definition, ...] = (
    Definition(
        code="dead_letter",
        name=_("A record given up"),
        severity=CRITICAL,
        runbook=_(
            "Read the error and the event, mend the cause, then retry the dead letter or discard it with a reason."
        ),
    ),
    Definition(
        code="invalid_payload",
        name=_("A webhook that cannot be read"),
        window=DAY,
        runbook=_("Open the event and its body; replay it once it can be read, or discard it with a reason."),
    ),
    Definition(
        code="zoho_login",
        name=_("Login refused"),
        severity=CRITICAL,
        runbook=_("Make a new grant code with all scopes and run `manage.py zoho_connect --code`."),
    ),
    Definition(
        code="zoho_rights",
        name=_("A right is missing"),
        severity=CRITICAL,
        runbook=_("Make a new grant code with all scopes and run `manage.py zoho_connect --code`."),
    ),
    Definition(
        code="zoho_breaker",
        name=_("Zoho does not answer"),
        runbook=_(
            "It is tried again by itself. See https://status.zoho.com, and whether this machine reaches the internet."
        ),
    ),
    Definition(
        code="sweep_stopped",
        name=_("Sweep stopped"),
        severity=CRITICAL,
        runbook=_("See in Zoho whether the records are really gone. If so, let the run go on with --confirm-sweep."),
    ),
    Definition(
        code=DRIFT,
        name=_("Drift from Zoho"),
        runbook=_(
            "Open the report of the reconciliation; `manage.py zoho_reconcile --repair` pulls what differs. The limits "
            "are DRIFT_WARNING and DRIFT_CRITICAL."
        ),
    ),
    Definition(
        code="healing_failed",
        name=_("Healing fails"),
        runbook=_(
            "See what `manage.py zoho_heal` says, and the log: what it looks after must be done by hand until then."
        ),
    ),
    Definition(
        code="schema_drift",
        name=_("Fields of Zoho change"),
        runbook=_(
            "Open the fields of Zoho, filtered by change. A new field or type: see whether records fail, and whether a "
            "mapper should read it. A missing one: see what it filled. Then accept the change."
        ),
    ),
    Definition(
        code="low_stock",
        name=_("Low stock"),
        runbook=_("Open the products low in stock and reorder; it is over when none is at its reorder level or below."),
    ),
    Definition(
        code=RULE_BROKEN,
        name=_("A rule cannot be looked at"),
        runbook=_("Open the rule and correct what was entered; if nothing was, the error is ours: see the log."),
    ),
)

DEFINITIONS = MEASURED + RAISED
BY_CODE = {one.code: one for one in DEFINITIONS}
