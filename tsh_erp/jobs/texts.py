"""django-q2's texts that our pages show. It brings no Arabic, so they are named here for `make messages` to collect."""

from django.utils.translation import gettext_noop as _

TEXTS = (
    # models
    _("Successful task"),
    _("Successful tasks"),
    _("Failed task"),
    _("Failed tasks"),
    _("Scheduled task"),
    _("Scheduled tasks"),
    # columns
    _("Name"),
    _("Function"),
    _("Cluster"),
    _("Stopped at"),
    _("Schedule Type"),
    _("Minutes"),
    _("Repeats"),
    # how often
    _("Once"),
    _("Hourly"),
    _("Daily"),
    _("Weekly"),
    _("Biweekly"),
    _("Monthly"),
    _("Bimonthly"),
    _("Quarterly"),
    _("Yearly"),
    _("Cron"),
    # explanations
    _("Optional human-readable name for lookup and display."),
    _("Dotted import path to the callable, e.g. myapp.tasks.job."),
    _("Name of the cluster that executed this task."),
    _("Optional label to identify this schedule in the admin."),
    _("e.g. module.tasks.function"),
    _("How often this task should be enqueued."),
    _("Number of minutes for the Minutes type"),
    _("n = n times, -1 = forever"),
    _("Name of the target cluster"),
)
