"""Reads of issues."""
