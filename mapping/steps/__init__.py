"""Steps of mapping: pure functions from frames to frames."""
