"""Pages of import apps and syncs."""
