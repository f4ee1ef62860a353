"""Steps of data quality: pure functions from frames to frames."""
