"""What the staff's JSON APIs share: strict reading, bounded pages, read-only resources."""
