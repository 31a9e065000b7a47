"""How far forecasts of hourly webhooks are off, beside guessing that each hour repeats yesterday's."""

from __future__ import annotations

import math
import random
from argparse import Namespace
from datetime import UTC, datetime, timedelta
from statistics import median

from django.db import connection

from benchmarks.report import Figure, Report
from zoho_sync.forecasts import Point, back_test

START = datetime(2026, 9, 7, tzinfo=UTC)  # a Monday
FRIDAY = 4
OPENS, CLOSES = 6, 15  # in UTC: nine to six in Baghdad
SEEN_DAYS = 14


def run(options: Namespace) -> Report:
    results = [back_test(seeded_month(options.days, seed), first_days=SEEN_DAYS) for seed in range(options.repeat)]
    mae, naive, coverage = (median(one[key] for one in results) for key in ("mae", "naive_mae", "coverage"))
    return Report(
        name="forecast",
        database=connection.vendor,
        repeat=options.repeat,
        setting=f"{options.days} days of webhooks by the hour, the first {SEEN_DAYS} only seen; closed on Fridays, "
        "a wild hour every third day, a slowly growing shop; seeds 0, 1, …",
        figures=(
            Figure(key="mae", label="mean absolute error, webhooks an hour", value=mae),
            Figure(key="naive_mae", label="the same hour of yesterday instead", value=naive),
            Figure(key="coverage", label="hours between low and high (nine in ten are meant to)", value=coverage),
        ),
    )


def seeded_month(days: int, seed: int) -> list[Point]:
    """What a trading company gets: nearly nothing at night and on Fridays, and now and then a burst."""
    chance = random.Random(seed)
    points = []
    for hour in range(days * 24):
        at = START + timedelta(hours=hour)
        is_open = at.weekday() != FRIDAY and OPENS <= at.hour < CLOSES
        mean = (60 + 20 * math.sin(at.hour) if is_open else 2) * (1 + hour / 24 / 100)
        burst = 400 if chance.random() < 1 / 72 else 0
        points.append(Point(at, float(max(0, round(chance.gauss(mean, math.sqrt(mean)))) + burst)))
    return points
