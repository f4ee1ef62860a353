"""Pages of Data Quality."""
