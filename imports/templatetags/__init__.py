"""Template tags about syncs."""
