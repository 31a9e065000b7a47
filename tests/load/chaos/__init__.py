"""`make chaos`: everything dies again and again while Zoho's books change, and in the end both sides are equal.

Run as a program (`python -m tests.load.chaos`), on a PostgreSQL server of its own; pytest does not collect it.
"""
