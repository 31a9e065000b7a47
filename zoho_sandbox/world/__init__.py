"""The sandbox's make-believe company: what is in its books, and what happens to it."""
