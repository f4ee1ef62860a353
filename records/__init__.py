"""The vocabulary of the portal: record types, attributes, outcomes, findings. Plain Python, pandas and Arrow; no Django."""
