"""The screens on which an app is configured, one module per step.

Source: docs/decisions/0012-drafts-and-versions.md
"""
