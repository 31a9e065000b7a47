"""Finding products: what was typed → what it may mean → which products, in which order, and what to narrow them by.

`spelling` compares words, `terms` says how a product may answer each typed word, `matching` says so to the database,
`finding` asks it once, `suggesting` helps who found nothing or is still typing.
"""
