"""Steps of the import itself: pure functions from frames to frames."""
