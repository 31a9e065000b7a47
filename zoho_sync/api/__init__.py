"""The sync's JSON API for staff and their programs."""
