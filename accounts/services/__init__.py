"""Writes about districts, people and the audit trail."""
