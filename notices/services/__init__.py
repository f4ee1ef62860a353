"""Writes events, sends notices, keeps their settings."""
