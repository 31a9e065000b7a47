"""What is promised to others, tried cell by cell and call by call."""
