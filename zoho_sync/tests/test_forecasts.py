"""Forecasts stand on what was counted, and say so."""

from __future__ import annotations

import math
import random
from datetime import UTC, datetime, timedelta

import pytest

from zoho_sync.forecasts import Point, Seasons, back_test, budget_ends, queue_empties

MONDAY = datetime(2026, 10, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)


def business(weeks: int = 4, *, seed: int = 7) -> list[Point]:
    """Webhooks by hour of a shop that is open from 9 to 18 and closed on Fridays (UTC is near enough)."""
    chance = random.Random(seed)
    points = []
    for number in range(weeks * 7 * 24):
        at = MONDAY + number * HOUR
        mean = 2.0 if at.weekday() == 4 or not 6 <= at.hour < 15 else 60.0 + 20 * math.sin(at.hour)
        points.append(Point(at, float(round(max(0.0, chance.gauss(mean, math.sqrt(mean)))))))
    return points


def test_an_hour_is_expected_to_be_what_it_was_on_this_weekday():
    seasons = Seasons(business())

    friday = seasons.expect(MONDAY + timedelta(days=4 + 28, hours=10))
    saturday = seasons.expect(MONDAY + timedelta(days=5 + 28, hours=10))

    assert friday.value < 12 < 35 < saturday.value
    assert friday.low <= friday.value <= friday.high
    assert friday.basis.points == 4 * 7 * 24
    assert friday.basis.since == MONDAY


def test_silence_in_business_hours_is_unusual_and_at_night_it_is_not():
    seasons = Seasons(business())

    assert seasons.expect(MONDAY + timedelta(days=28, hours=10)).unusualness(0) < -3
    assert seasons.expect(MONDAY + timedelta(days=28, hours=1)).unusualness(0) > -3


def test_one_wild_hour_does_not_upset_the_habit():
    calm = business()
    wild = [Point(point.at, 100_000.0) if point.at == MONDAY + 10 * HOUR else point for point in calm]
    at = MONDAY + timedelta(days=28, hours=10)

    assert Seasons(wild).expect(at).value == pytest.approx(Seasons(calm).expect(at).value, rel=0.2)


def test_without_history_nothing_is_said():
    assert Seasons([]).expect(MONDAY) is None
    assert Seasons(business()[:24]).expect(MONDAY + timedelta(days=1)) is None
    assert queue_empties([Point(MONDAY, 5)]) is None
    assert budget_ends(used=1, limit=10, at=MONDAY, day_ends=MONDAY + HOUR, history=[]) is None


def test_a_queue_that_shrinks_is_empty_when_its_pace_says():
    depths = [Point(MONDAY + timedelta(minutes=minute), 600 - 10.0 * minute) for minute in range(11)]

    moment = queue_empties(depths)

    assert moment.pace_per_hour == pytest.approx(-600)
    assert moment.at == MONDAY + HOUR
    assert (moment.basis.points, moment.basis.since) == (11, MONDAY)


def test_one_burst_does_not_change_the_pace():
    depths = [Point(MONDAY + timedelta(minutes=minute), 600 - 10.0 * minute) for minute in range(11)]
    depths[4] = Point(depths[4].at, 5_000)

    assert queue_empties(depths).at == pytest.approx(MONDAY + HOUR, abs=timedelta(minutes=3))


def test_a_queue_that_grows_is_never_empty_and_an_empty_one_is():
    growing = [Point(MONDAY + timedelta(minutes=minute), 10.0 * minute) for minute in range(6)]
    empty = [Point(MONDAY + timedelta(minutes=minute), 0.0) for minute in range(6)]

    assert queue_empties(growing).at is None
    assert queue_empties(empty).at == empty[-1].at


def test_the_budget_ends_in_the_hour_that_usually_takes_what_is_left():
    history = [Point(MONDAY + number * HOUR, 100.0) for number in range(14 * 24)]
    at = MONDAY + timedelta(days=14, hours=10, minutes=30)

    moment = budget_ends(used=700, limit=1000, at=at, day_ends=MONDAY + timedelta(days=15), history=history)

    assert abs(moment.at - (at + 3 * HOUR)) < timedelta(minutes=2)
    assert moment.basis.points == 14 * 24


def test_a_budget_that_lasts_has_no_end():
    history = [Point(MONDAY + number * HOUR, 10.0) for number in range(14 * 24)]
    at = MONDAY + timedelta(days=14, hours=10)

    moment = budget_ends(used=100, limit=1000, at=at, day_ends=MONDAY + timedelta(days=15), history=history)

    assert moment.at is None
    assert moment.pace_per_hour == pytest.approx(10, rel=0.05)


def test_on_a_seeded_month_it_beats_the_same_hour_of_yesterday_and_covers_nine_in_ten():
    result = back_test(business(), first_days=14)

    assert result["hours"] == 14 * 24
    assert result["mae"] < 0.75 * result["naive_mae"]
    assert 0.82 <= result["coverage"] <= 0.99
