"""The project's settings with the benchmarks' own addresses beside the project's."""

from tsh_erp.settings import *  # noqa: F403
from tsh_erp.settings import MOBILE_LIMITS, STORAGES

ROOT_URLCONF = "benchmarks.urls"
STATIC_ROOT = None  # nothing is collected; pages name their assets, which nobody fetches, as they are
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
MOBILE_LIMITS = dict.fromkeys(MOBILE_LIMITS, 1_000_000)  # all phones of a measurement are one
