"""Reads settings, recipients and the log of notices."""
