"""Phone numbers as people write them, and e-mails: one spelling of each. Pure."""

from __future__ import annotations

import unicodedata

import phonenumbers

REGION = "IQ"
LONGEST = 40
"""No spelling of a number is longer; whatever is, is not looked at."""


def parse_phone(text: str) -> str | None:
    """A number in E.164 ("+9647701234567") from any spelling, or None when it is no number that can exist.

    "0770 123 4567", "٠٧٧٠١٢٣٤٥٦٧", "00964 770-123-4567" and "+964 (770) 1234567" are one. Without a
    country code it is an Iraqi number.
    """
    plain = "".join(sign for sign in unicodedata.normalize("NFKC", text) if unicodedata.category(sign) != "Cf")
    plain = plain.strip()
    if len(plain) > LONGEST or any(unicodedata.category(sign)[0] in "CL" for sign in plain):
        return None  # letters would be read as the keys of a phone
    try:
        number = phonenumbers.parse(plain, REGION)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def tidy_email(text: str) -> str:
    """An e-mail address as it is compared: no spaces around it, lower case."""
    return unicodedata.normalize("NFKC", text).strip().lower()
