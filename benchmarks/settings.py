"""The project's settings with the benchmarks' own addresses beside the project's."""

from tsh_erp.settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.urls"
STATIC_ROOT = None  # nothing is collected, and no page with assets is asked for
