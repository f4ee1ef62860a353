"""Writes that belong to the frame."""
