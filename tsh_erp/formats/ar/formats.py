"""Arabic as business in Iraq writes it: 12.5 and not 12,5, which reads as a thousand; dates that sort."""

DECIMAL_SEPARATOR = "."
THOUSAND_SEPARATOR = ","
NUMBER_GROUPING = 3
DATE_FORMAT = "Y-m-d"
DATETIME_FORMAT = "Y-m-d H:i"
