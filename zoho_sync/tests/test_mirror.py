"""Merging what we hear into what we knew: order, overlay, detail, tombstones; and the rows that are written."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from decimal import Decimal
from time import perf_counter

import pytest
from django.db import connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from zoho_sync import mirror
from zoho_sync.entities import BY_MODULE
from zoho_sync.mirror import (
    CLOCKS_DIFFER,
    EMPTY_HASH,
    MISDATED,
    Kind,
    Observation,
    Verdict,
    fold,
    payload_hash,
)
from zoho_sync.models import ZohoRecord
from zoho_sync.tests.road import NOON, seconds

ITEM, INVOICE = BY_MODULE["item"], BY_MODULE["invoice"]
State = ZohoRecord.State


def at(second):
    """Zoho's time: the modification time of a record."""
    return datetime(2026, 3, 1, 7, 0, second, tzinfo=UTC)


def seen(payload=None, *, kind=Kind.WEBHOOK, modified=None, observed=0, **more):
    """One observation of record 1: `modified` and `observed` are seconds."""
    return Observation(
        zoho_id="1",
        kind=kind,
        payload={} if payload is None else payload,
        modified_at=None if modified is None else at(modified),
        observed_at=NOON + seconds(observed),
        **more,
    )


def known(*observations, entity=ITEM):
    return fold(entity, None, observations).row


def verdicts(folded):
    return [judged.verdict.value for judged in folded.judged]


# --- first news, no news, partial news -----------------------------------------------------------


def test_first_news_is_what_we_know():
    folded = fold(ITEM, None, [seen({"name": "A", "rate": Decimal("1.50")}, modified=3, observed=9)])

    assert (folded.changed, folded.dirty, verdicts(folded)) == (True, True, ["applied"])
    assert folded.row.payload == {"name": "A", "rate": Decimal("1.50")}
    assert (folded.row.modified_at, folded.row.observed_at) == (at(3), NOON + seconds(9))
    assert (folded.row.state, folded.row.hash) == (State.PRESENT, payload_hash({"name": "A", "rate": Decimal("1.50")}))


def test_the_same_again_is_no_news():
    held = known(seen({"name": "A"}, modified=3))
    folded = fold(ITEM, held, [seen({"name": "A"}, modified=3, observed=5)])

    assert (folded.changed, verdicts(folded)) == (False, ["unchanged"])


def test_what_is_held_is_not_touched():
    held = known(seen({"name": "A"}, modified=3))
    fold(ITEM, held, [seen({"name": "B"}, modified=4, observed=5)])

    assert (held.payload, held.modified_at, held.observed_at) == ({"name": "A"}, at(3), NOON)


def test_partial_news_changes_only_its_own_keys():
    held = known(seen({"name": "A", "rate": 1, "stock_on_hand": 5}))
    folded = fold(ITEM, held, [seen({"name": "B"}, observed=1)])

    assert folded.row.payload == {"name": "B", "rate": 1, "stock_on_hand": 5}


def test_two_partial_events_in_one_go_are_both_applied():
    held = known(seen({"name": "A", "rate": 1}))
    folded = fold(ITEM, held, [seen({"name": "B"}, observed=1, event=1), seen({"rate": 2}, observed=2, event=2)])

    assert folded.row.payload == {"name": "B", "rate": 2}
    assert verdicts(folded) == ["applied", "applied"]


def test_what_later_ones_say_anew_is_superseded_and_names_who_did_it():
    first, second, third = (seen({"name": name}, observed=number, event=number) for number, name in enumerate("ABC", 1))
    folded = fold(ITEM, None, [first, second, third])

    assert verdicts(folded) == ["superseded", "superseded", "applied"]
    assert [judged.successor for judged in folded.judged] == [third, third, None]


def test_a_b_a_ends_where_it_began_without_news():
    held = known(seen({"stock_on_hand": 5}))
    folded = fold(
        ITEM, held, [seen({"stock_on_hand": 4}, observed=1, event=1), seen({"stock_on_hand": 5}, observed=2, event=2)]
    )

    assert (folded.changed, verdicts(folded)) == (False, ["superseded", "unchanged"])
    assert folded.row.payload == {"stock_on_hand": 5}


# --- order ---------------------------------------------------------------------------------------


def test_older_news_is_refused():
    held = known(seen({"rate": 2}, modified=5))
    folded = fold(ITEM, held, [seen({"rate": 1}, modified=4, observed=9)])

    assert (folded.changed, verdicts(folded)) == (False, ["stale"])
    assert folded.judged[0].reason == "older than what is known"
    assert folded.row.payload == {"rate": 2}


def test_of_an_equal_time_the_one_that_was_observed_later_is_believed():
    held = known(seen({"rate": 1}, modified=5, observed=1))

    assert fold(ITEM, held, [seen({"rate": 2}, modified=5, observed=2)]).row.payload == {"rate": 2}
    assert verdicts(fold(ITEM, held, [seen({"rate": 2}, modified=5, observed=0)])) == ["stale"]


def test_without_a_time_it_counts_when_it_was_observed():
    held = known(seen({"rate": 1}, observed=5))

    assert verdicts(fold(ITEM, held, [seen({"rate": 2}, observed=4)])) == ["stale"]
    assert verdicts(fold(ITEM, held, [seen({"rate": 2}, observed=5)])) == ["applied"]


def test_news_without_a_time_about_a_record_with_one():
    held = known(seen({"rate": 1}, modified=5, observed=5))

    folded = fold(ITEM, held, [seen({"rate": 2}, observed=6)])

    assert (folded.row.payload, folded.row.modified_at) == ({"rate": 2}, at(5))


def test_those_that_wait_together_are_taken_in_zohos_order():
    late = seen({"rate": 2}, modified=5, observed=1, event=1)
    early = seen({"rate": 1, "name": "A"}, modified=4, observed=2, event=2)
    folded = fold(ITEM, None, [late, early])

    assert folded.row.payload == {"rate": 2, "name": "A"}
    assert verdicts(folded) == ["applied", "applied"]


def test_one_without_a_time_stands_where_it_arrived():
    observations = [
        seen({"rate": 5}, modified=5, observed=1),
        seen({"rate": 6}, observed=2),
        seen({"rate": 4}, modified=4, observed=3),
    ]

    assert fold(ITEM, None, observations).row.payload == {"rate": 6}


@given(st.permutations([1, 2, 3, 4, 5]))
def test_the_newest_wins_in_whatever_order_they_come(order):
    together = fold(ITEM, None, [seen({"rate": time}, modified=time, observed=n) for n, time in enumerate(order)])
    row = None
    for number, version in enumerate(order):
        row = fold(ITEM, row, [seen({"rate": version}, modified=version, observed=number)]).row

    assert together.row.payload == row.payload == {"rate": 5}
    assert together.row.modified_at == row.modified_at == at(5)


@given(
    st.lists(
        st.tuples(
            st.sampled_from([Kind.WEBHOOK, Kind.LIST, Kind.DETAIL, Kind.GONE]),
            st.dictionaries(st.sampled_from("abc"), st.integers(0, 2), max_size=3),
            st.none() | st.integers(0, 5),
        ),
        min_size=1,
        max_size=6,
    ),
    st.data(),
)
def test_every_observation_gets_one_verdict_and_every_chain_ends(told, data):
    observations = [
        seen(payload, kind=kind, modified=time, observed=number, event=number + 1)
        for number, (kind, payload, time) in enumerate(told)
    ]
    cut = data.draw(st.integers(0, len(observations) - 1))
    held = fold(ITEM, None, observations[:cut]).row if cut else None
    folded = fold(ITEM, held, observations[cut:])

    assert [judged.observation for judged in folded.judged] == observations[cut:]
    ends = {id(one.observation): one.verdict for one in folded.judged}
    for judged in folded.judged:
        if judged.verdict is Verdict.SUPERSEDED:
            assert ends[id(judged.successor)] in (Verdict.APPLIED, Verdict.UNCHANGED)
    if held and held.modified_at:
        assert folded.turned_back == (folded.row.modified_at < held.modified_at)
        assert not folded.turned_back or any(one.kind is Kind.DETAIL for one in observations[cut:])
    assert folded.changed or Verdict.APPLIED not in ends.values()


# --- detail and list -----------------------------------------------------------------------------


def test_a_detail_replaces_what_we_knew():
    held = known(seen({"name": "A", "old": 1}, modified=3), entity=INVOICE)
    folded = fold(INVOICE, held, [seen({"name": "B", "line_items": []}, kind=Kind.DETAIL, modified=4, observed=7)])

    assert folded.row.payload == {"name": "B", "line_items": []}
    assert (folded.row.detail_at, folded.row.detail_stale) == (NOON + seconds(7), False)


def test_a_list_row_leaves_alone_what_only_details_have():
    held = known(seen({"total": 5, "line_items": [1]}, kind=Kind.DETAIL, modified=3), entity=INVOICE)
    folded = fold(INVOICE, held, [seen({"total": 6, "line_items": []}, kind=Kind.LIST, modified=4, observed=1)])

    assert folded.row.payload == {"total": 6, "line_items": [1]}
    assert (folded.row.detail_stale, folded.wants_detail) == (True, True)
    assert folded.row.list_hash == payload_hash({"total": 6, "line_items": []})


def test_a_webhook_with_the_lines_is_a_detail():
    folded = fold(INVOICE, None, [seen({"total": 5, "line_items": [1]}, modified=3)])

    assert (folded.row.detail_stale, folded.wants_detail) == (False, False)


def test_a_webhook_without_the_lines_asks_for_them():
    folded = fold(INVOICE, None, [seen({"total": 5}, modified=3)])

    assert (folded.row.detail_stale, folded.wants_detail) == (True, True)


def test_other_content_at_the_same_time_is_accepted_and_asked_about():
    held = known(seen({"rate": 1}, modified=3))
    folded = fold(ITEM, held, [seen({"rate": 2}, modified=3, observed=1)])

    assert (folded.row.payload, folded.wants_detail) == ({"rate": 2}, True)


def test_what_the_name_of_the_delivery_says_holds_only_where_nobody_says_otherwise():
    contact = BY_MODULE["contact"]
    hint = {"contact_type": "customer"}

    held = fold(contact, None, [seen({"contact_name": "A"}, hints=hint)]).row
    assert held.payload["contact_type"] == "customer"
    vendor = fold(contact, held, [seen({"contact_type": "vendor"}, hints=hint, observed=1)]).row
    assert fold(contact, vendor, [seen({"notes": "x"}, hints=hint, observed=2)]).row.payload["contact_type"] == "vendor"


# --- inactive and gone ---------------------------------------------------------------------------


def test_inactive_and_active_follow_the_newest_news():
    held = known(seen({"status": "active"}, modified=3))

    slept = fold(ITEM, held, [seen({"status": " Inactive "}, modified=5, observed=1)]).row
    assert slept.state == State.INACTIVE
    late = fold(ITEM, slept, [seen({"status": "active"}, modified=4, observed=2)])
    assert (late.row.state, verdicts(late)) == (State.INACTIVE, ["stale"])
    woken = fold(ITEM, slept, [seen({"status": "active"}, modified=6, observed=3)])
    assert (woken.row.state, woken.changed) == (State.PRESENT, True)


def test_a_delete_without_an_answer_of_zoho_is_believed_and_marked():
    held = known(seen({"name": "A"}, modified=3))
    folded = fold(ITEM, held, [seen({}, kind=Kind.GONE, observed=8)])

    assert (folded.gone, folded.changed, folded.row.state) == (True, True, State.UNCONFIRMED_GONE)
    assert (folded.row.gone_at, folded.row.payload) == (NOON + seconds(8), {"name": "A"})


def test_a_delete_that_zoho_answered_itself():
    held = known(seen({"name": "A"}, modified=3, observed=9))
    folded = fold(ITEM, held, [seen({}, kind=Kind.GONE, confirmed=True, observed=8)])

    assert folded.row.state == State.GONE


def test_a_delete_that_zoho_denies_is_refused():
    held = known(seen({"name": "A"}, modified=3))
    folded = fold(
        ITEM,
        held,
        [seen({}, kind=Kind.GONE, observed=8), seen({"name": "B"}, kind=Kind.DETAIL, modified=4, observed=9)],
        can_fetch=True,
    )

    assert (folded.row.state, verdicts(folded)) == (State.PRESENT, ["stale", "applied"])
    assert folded.judged[0].reason == "Zoho still has the record"


def test_a_tombstone_does_not_yield_to_older_or_undated_news():
    gone = known(seen({"name": "A"}, modified=3), seen({}, kind=Kind.GONE, modified=5, observed=1))

    for news in (seen({"name": "B"}, observed=9), seen({"name": "B"}, modified=5, observed=9)):
        folded = fold(ITEM, gone, [news])
        assert (folded.row.state, verdicts(folded)) == (State.UNCONFIRMED_GONE, ["stale"])


def test_a_tombstone_yields_to_a_strictly_later_time_where_nothing_can_be_fetched():
    gone = known(seen({"name": "A"}, modified=3), seen({}, kind=Kind.GONE, modified=5, observed=1))
    folded = fold(ITEM, gone, [seen({"name": "B"}, modified=6, observed=9)])

    assert (folded.row.state, folded.row.gone_at, verdicts(folded)) == (State.PRESENT, None, ["applied"])


def test_with_a_client_a_tombstone_yields_only_to_a_fetch_which_is_asked_for():
    gone = known(seen({"name": "A"}, modified=3), seen({}, kind=Kind.GONE, modified=5, observed=1))
    folded = fold(ITEM, gone, [seen({"name": "B"}, modified=6, observed=9)], can_fetch=True)

    assert (folded.row.state, folded.wants_detail, verdicts(folded)) == (State.UNCONFIRMED_GONE, True, ["stale"])
    fetched = fold(ITEM, gone, [seen({"name": "B"}, kind=Kind.DETAIL, modified=6, observed=9)], can_fetch=True)
    assert fetched.row.state == State.PRESENT


def test_a_record_of_which_we_only_hear_that_it_is_gone():
    folded = fold(ITEM, None, [seen({}, kind=Kind.GONE, confirmed=True)])

    assert (folded.gone, folded.row.payload, folded.row.hash) == (True, {}, EMPTY_HASH)


# --- the rows ------------------------------------------------------------------------------------


def observe_and_write(zoho_id, payload, *, observed=0):
    one = Observation(zoho_id=zoho_id, kind=Kind.WEBHOOK, payload=payload, observed_at=NOON + seconds(observed))
    with transaction.atomic():
        folded = fold(ITEM, mirror.hold("item", [zoho_id]).get(zoho_id), [one])
        mirror.write([folded.row])
    return folded.row


@pytest.mark.django_db
def test_numbers_come_back_digit_for_digit():
    payload = {"rate": Decimal("12.50"), "tiny": Decimal("0.000001"), "id": 460000000000123456, "text": "س"}
    observe_and_write("1", payload)

    stored = ZohoRecord.objects.get().payload
    assert stored == payload
    assert (str(stored["rate"]), str(stored["tiny"])) == ("12.50", "0.000001")


@pytest.mark.django_db
def test_rows_are_written_in_one_statement_whatever_their_number(django_assert_num_queries):
    for number in range(20):
        observe_and_write(str(number), {"name": "A"})
    with transaction.atomic():
        held = mirror.hold("item", [str(number) for number in range(40)])
        news = [
            Observation(zoho_id=str(n), kind=Kind.WEBHOOK, payload={"name": "B"}, observed_at=NOON) for n in range(40)
        ]
        rows = [fold(ITEM, held.get(one.zoho_id), [one]).row for one in news]
        with django_assert_num_queries(1):
            mirror.write(rows)

    assert {row.payload["name"] for row in ZohoRecord.objects.all()} == {"B"}
    assert ZohoRecord.objects.count() == 40


@pytest.mark.django_db
def test_what_said_nothing_new_is_noted_with_its_own_time(django_assert_num_queries):
    early, late = observe_and_write("1", {"name": "A"}), observe_and_write("2", {"name": "B"})
    early.observed_at, late.observed_at = NOON + seconds(10), NOON + seconds(90)

    with django_assert_num_queries(1):
        mirror.touch([early, late])

    times = dict(ZohoRecord.objects.values_list("zoho_id", "observed_at"))
    assert times == {"1": NOON + seconds(10), "2": NOON + seconds(90)}


@pytest.mark.django_db
def test_an_earlier_look_does_not_turn_the_time_back():
    row = observe_and_write("1", {"name": "A"}, observed=60)
    row.observed_at = NOON
    mirror.touch([row])

    assert ZohoRecord.objects.get().observed_at == NOON + seconds(60)


@pytest.mark.django_db
def test_nothing_to_write_costs_nothing(django_assert_num_queries):
    with django_assert_num_queries(0):
        mirror.write([])
        mirror.touch([])


@pytest.mark.django_db
def test_a_detail_that_says_nothing_new_is_noted_too():
    row = observe_and_write("1", {"name": "A", "locations": []})
    row.observed_at = row.detail_at = NOON + seconds(5)
    mirror.touch([row])

    assert ZohoRecord.objects.get().detail_at == NOON + seconds(5)


@pytest.mark.django_db
def test_what_was_seen_is_noted_and_nothing_else_changes():
    item = observe_and_write("1", {"name": "A", "locations": []}, observed=3)
    before = ZohoRecord.objects.values().get()
    for second in (50, 9):
        mirror.see([item.pk], at=NOON + seconds(second))

    assert ZohoRecord.objects.values().get() == before
    assert ZohoRecord.objects.get().last_observed_at == NOON + seconds(50), "its time is never turned back"


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has no row locks")
def test_noting_what_was_seen_does_not_wait_for_who_works_on_the_record():
    item = observe_and_write("1", {"name": "A"})

    def see_it():
        mirror.see([item.pk], at=NOON + seconds(9))
        connection.close()

    seeing = threading.Thread(target=see_it)
    with transaction.atomic():
        mirror.hold("item", ["1"])
        seeing.start()
        seeing.join(5)
        assert not seeing.is_alive()

    assert ZohoRecord.objects.get().last_observed_at == NOON + seconds(9)


# --- wrong times ---------------------------------------------------------------------------------


def dated(moment, payload, *, observed=0, kind=Kind.WEBHOOK, **more):
    """An observation of record 1 at any modification time."""
    return Observation(
        zoho_id="1", kind=kind, payload=payload, modified_at=moment, observed_at=NOON + seconds(observed), **more
    )


def test_a_time_that_lies_ahead_of_the_arrival_is_no_time():
    folded = fold(ITEM, None, [dated(datetime(2099, 1, 1, tzinfo=UTC), {"rate": 1}, event=1)])

    assert (folded.row.modified_at, folded.row.payload, verdicts(folded)) == (None, {"rate": 1}, ["applied"])
    assert folded.judged[0].reason == MISDATED
    later = fold(ITEM, folded.row, [dated(NOON, {"rate": 2}, observed=5, event=2)])
    assert (later.row.payload, later.row.modified_at, later.judged[0].reason) == ({"rate": 2}, NOON, "")


def test_clocks_may_differ_a_little():
    ahead = fold(ITEM, None, [dated(NOON + CLOCKS_DIFFER, {"rate": 1})])
    too_far = fold(ITEM, None, [dated(NOON + CLOCKS_DIFFER + seconds(1), {"rate": 1})])

    assert (ahead.row.modified_at, too_far.row.modified_at) == (NOON + CLOCKS_DIFFER, None)


def test_a_delete_with_a_time_that_lies_ahead_does_not_bar_the_record_for_ever():
    held = known(seen({"name": "A"}, modified=3))
    gone = fold(ITEM, held, [dated(datetime(2099, 1, 1, tzinfo=UTC), {}, kind=Kind.GONE, observed=1)]).row

    assert gone.gone_at == NOON + seconds(1)
    assert fold(ITEM, gone, [dated(NOON + seconds(60), {"name": "B"}, observed=61)]).row.state == State.PRESENT


def test_zohos_own_answer_wins_even_with_an_earlier_time():
    held = known(dated(NOON + seconds(500), {"rate": 9}))
    folded = fold(ITEM, held, [dated(NOON, {"rate": 1}, kind=Kind.DETAIL, observed=5)])

    assert (folded.row.payload, folded.row.modified_at) == ({"rate": 1}, NOON)
    assert (folded.turned_back, folded.dirty, verdicts(folded)) == (True, True, ["applied"])


def test_an_answer_from_before_what_is_known_does_not():
    held = known(dated(NOON + seconds(5), {"rate": 9}, observed=6))
    folded = fold(ITEM, held, [dated(NOON, {"rate": 1}, kind=Kind.DETAIL, observed=4)])

    assert (folded.row.payload, folded.turned_back, verdicts(folded)) == ({"rate": 9}, False, ["stale"])


def test_zohos_answer_overtakes_what_it_was_asked_after_and_yields_to_what_came_later():
    early = dated(NOON + seconds(500), {"rate": 9}, observed=1, event=1)
    late = dated(NOON + seconds(7), {"rate": 7}, observed=8, event=2)
    answer = dated(NOON + seconds(2), {"rate": 2, "name": "A"}, kind=Kind.DETAIL, observed=3)
    folded = fold(ITEM, None, [early, late, answer])

    assert (folded.row.payload, folded.row.modified_at) == ({"rate": 7, "name": "A"}, NOON + seconds(7))
    assert verdicts(folded) == ["superseded", "applied", "applied"]
    assert [judged.reason for judged in folded.judged] == [MISDATED, "", ""]


# --- two clocks: of the record, and of its details -----------------------------------------------


def test_a_list_row_that_was_asked_for_before_the_detail_only_fills_in_what_that_lacks():
    detail = seen({"name": "A", "stock_on_hand": 4, "locations": [1]}, kind=Kind.DETAIL, modified=3, observed=2)
    row_of_list = {"name": "A", "stock_on_hand": 5, "image_name": "a.png", "locations": []}
    folded = fold(ITEM, None, [detail, seen(row_of_list, kind=Kind.LIST, modified=3, observed=1)])

    assert folded.row.payload == {"name": "A", "stock_on_hand": 4, "locations": [1], "image_name": "a.png"}
    assert folded.row.list_hash == "", "it says another stock than the detail: seen again, it would be news"
    assert (folded.row.modified_at, folded.row.observed_at) == (at(3), NOON + seconds(2))


def test_a_list_row_that_agrees_with_the_detail_after_it_is_remembered():
    detail = seen({"name": "A", "stock_on_hand": 4, "locations": [1]}, kind=Kind.DETAIL, modified=3, observed=2)
    row_of_list = {"name": "A", "stock_on_hand": 4, "image_name": "a.png", "locations": []}
    folded = fold(ITEM, None, [detail, seen(row_of_list, kind=Kind.LIST, modified=3, observed=1)])

    assert folded.row.list_hash == payload_hash(row_of_list)


def test_a_list_row_of_before_the_detail_does_not_move_its_time():
    told = [
        seen({"rate": 1, "locations": []}, kind=Kind.DETAIL, modified=3, observed=2),
        seen({"rate": 2}, kind=Kind.LIST, modified=4, observed=1),
    ]
    folded = fold(ITEM, None, told)

    assert (folded.row.payload["rate"], folded.row.modified_at, folded.row.detail_stale) == (1, at(3), False)


PLACES, MOVED = [{"location_id": "5", "stock": 1}], [{"location_id": "5", "stock": 2}]


def touched(held, *, observed):
    """The row after a pull that saw it in a list and found nothing new."""
    held.observed_at = NOON + seconds(observed)
    return held


def test_details_that_waited_while_a_pull_saw_the_record_are_taken():
    held = touched(known(seen({"name": "A", "locations": PLACES}, modified=3)), observed=10)
    folded = fold(ITEM, held, [seen({"name": "A", "locations": MOVED}, observed=5)])

    assert (folded.row.payload["locations"], verdicts(folded)) == (MOVED, ["applied"])
    assert (folded.row.detail_at, folded.row.observed_at) == (NOON + seconds(5), NOON + seconds(10))
    assert folded.wants_detail is False


def test_of_such_news_only_the_details_are_taken_and_what_else_it_says_is_asked_about():
    held = touched(known(seen({"name": "A", "locations": PLACES}, modified=3)), observed=10)
    folded = fold(ITEM, held, [seen({"name": "B", "locations": MOVED}, observed=5)])

    assert folded.row.payload == {"name": "A", "locations": MOVED}
    assert folded.wants_detail is True


@pytest.mark.parametrize("modified", [None, 3])
def test_details_from_before_those_that_are_known_are_refused(modified):
    held = touched(known(seen({"locations": PLACES}, modified=3, observed=6)), observed=10)
    folded = fold(ITEM, held, [seen({"locations": MOVED}, modified=modified, observed=5)])

    assert (folded.row.payload, verdicts(folded)) == ({"locations": PLACES}, ["stale"])
    assert folded.judged[0].reason == "observed before what is known"


def test_lines_of_the_same_time_complete_a_header_that_was_seen_later():
    held = known(seen({"total": 5}, kind=Kind.LIST, modified=3, observed=10), entity=INVOICE)
    folded = fold(INVOICE, held, [seen({"total": 5, "line_items": [1]}, modified=3, observed=5)])

    assert (folded.row.payload, folded.row.detail_stale) == ({"total": 5, "line_items": [1]}, False)
    assert folded.wants_detail is False


def test_lines_without_a_time_do_not_make_a_newer_header_complete():
    held = known(seen({"total": 5}, kind=Kind.LIST, modified=3, observed=10), entity=INVOICE)
    folded = fold(INVOICE, held, [seen({"total": 4, "line_items": [1]}, observed=5)])

    assert folded.row.payload == {"total": 5, "line_items": [1]}
    assert (folded.row.detail_stale, folded.wants_detail) == (True, True)


def test_details_wake_no_record_that_is_gone():
    gone = known(seen({"name": "A", "locations": PLACES}, modified=3), seen({}, kind=Kind.GONE, observed=10))
    folded = fold(ITEM, gone, [seen({"locations": MOVED}, kind=Kind.DETAIL, modified=3, observed=5)])

    assert (folded.row.state, verdicts(folded)) == (State.UNCONFIRMED_GONE, ["stale"])


def test_thousands_at_once_take_no_time():
    many = [seen({"rate": one, f"key{one % 50}": one}, observed=one, event=one + 1) for one in range(4000)]
    begun = perf_counter()
    folded = fold(ITEM, None, many)
    taken = perf_counter() - begun

    assert verdicts(folded).count("applied") == 50
    assert taken < 1
