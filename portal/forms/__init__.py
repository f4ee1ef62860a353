"""Forms of Administration."""
