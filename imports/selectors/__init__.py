"""What reads syncs and their results; nothing here writes."""
