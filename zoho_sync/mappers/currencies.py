from __future__ import annotations

from commerce.lengths import SHORT, WORD
from commerce.values import CurrencyValues
from zoho_sync.mappers.parts import read_whole
from zoho_sync.mappers.record import Record


def map_currency(record: Record) -> CurrencyValues:
    """Zoho currency → currency. Pure. Zoho writes a rate that nobody has entered as 0: unknown."""
    return CurrencyValues(
        zoho_id=record.identifier("currency_id"),
        code=record.text("currency_code", "", limit=10).strip(),
        name=record.text("currency_name", "", limit=SHORT),
        symbol=record.text("currency_symbol", "", limit=WORD),
        price_precision=read_whole(record, "price_precision", least=0, most=20),
        number_format=record.text("currency_format", "", limit=WORD),
        is_base=bool(record.boolean("is_base_currency")),
        exchange_rate=record.rate("exchange_rate") or None,
        effective_date=record.date("effective_date"),
    )
