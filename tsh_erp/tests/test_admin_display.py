from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tsh_erp.admin_site.display import (
    Tone,
    badge,
    moment,
    plain,
    preformatted,
    shorten,
    shown_bytes,
    shown_json,
    together,
)


def test_a_moment_is_local_and_to_the_second():
    shown = moment(datetime(2026, 3, 1, 21, 30, 5, tzinfo=UTC))

    assert shown == (
        '<time class="ltr" datetime="2026-03-02T00:30:05+03:00"><span>2026-03-02</span> <span>00:30:05</span></time>'
    )
    assert moment(None) == "—"


def test_a_badge_escapes_its_label():
    assert badge("<b>", Tone.BAD) == '<span class="badge badge-bad">&lt;b&gt;</span>'


@pytest.mark.parametrize(
    ("text", "shown"),
    [("one\ntwo", "one"), ("  x ", "x"), ("a" * 91, "a" * 89 + "…"), ("a" * 90, "a" * 90), ("", "")],
)
def test_long_text_is_shortened_to_the_beginning_of_its_first_line(text, shown):
    assert shorten(text) == shown


def test_what_cannot_be_shown_is_spelled_out():
    assert plain("a\x00b\x1b\x7f\ttab\nline \ud800 كيبل") == "a␀b␛␡\ttab\nline \\ud800 كيبل"


def test_json_keeps_its_digits_and_letters():
    shown = shown_json({"name": "كيبل", "rate": Decimal("12.50"), "tags": []})

    assert shown == (
        '<pre class="payload" tabindex="0">{\n  &quot;name&quot;: &quot;كيبل&quot;,\n  &quot;rate&quot;: 12.50,\n'
        "  &quot;tags&quot;: []\n}</pre>"
    )


def test_bytes_that_are_no_text_are_shown_in_hexadecimal():
    assert shown_bytes(b"\xff\xfeA<") == (
        f'<pre class="payload" tabindex="0">000000  {"ff fe 41 3c":<47}  ..A&lt;</pre>'
    )


@pytest.mark.parametrize("empty", [shown_bytes(b""), shown_json(None), preformatted(""), together([])])
def test_nothing_is_a_dash(empty):
    assert empty == "—"


def test_parts_stand_beside_each_other_escaped():
    assert together(["<a>", badge("b", Tone.GOOD)]) == '&lt;a&gt; · <span class="badge badge-good">b</span>'
