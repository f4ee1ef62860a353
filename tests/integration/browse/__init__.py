"""Data Browsing and Data Quality."""
