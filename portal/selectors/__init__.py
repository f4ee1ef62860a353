"""Reads for the pages of the frame."""
