"""Forms about notices."""
