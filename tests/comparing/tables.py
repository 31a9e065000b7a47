"""The contract of the mirror, written out: every table of ours beside its module of Zoho's, parents first."""

from __future__ import annotations

from tests.comparing import readers as read
from tests.comparing.columns import Table, columns
from tests.comparing.contacts import CONTACTS
from tests.comparing.documents import DOCUMENTS
from tests.comparing.goods import GOODS, PLACES
from tests.comparing.payments import PAYMENTS

SETTINGS = (
    Table(
        "currency",
        "currency_id",
        "commerce.currency",
        [
            *columns(
                read.text,
                code="currency_code",
                name="currency_name",
                symbol="currency_symbol",
                number_format="currency_format",
            ),
            *columns(read.number, "price_precision"),
            *columns(read.positive, "exchange_rate"),
            *columns(read.flag_or_no, is_base="is_base_currency"),
            *columns(read.day, "effective_date"),
        ],
    ),
    Table(
        "tax",
        "tax_id",
        "commerce.tax",
        [
            *columns(read.text, name="tax_name", authority_name="tax_authority_name"),
            *columns(read.word, type="tax_type", specific_type="tax_specific_type", factor="tax_factor"),
            *columns(read.number, percentage="tax_percentage"),
            *columns(read.flag, "is_value_added"),
            *columns(read.flag_or_no, is_default="is_default_tax"),
            *columns(read.active, is_active="status"),
        ],
    ),
    Table(
        "user",
        "user_id",
        "commerce.zohouser",
        [
            *columns(read.text, "name", "email", role="user_role"),
            *columns(read.word, "status", kind="user_type"),
        ],
    ),
)
TABLES: tuple[Table, ...] = (*SETTINGS, *PLACES, *GOODS, *CONTACTS, *DOCUMENTS, *PAYMENTS)
