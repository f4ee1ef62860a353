"""Reads of the live roster."""
