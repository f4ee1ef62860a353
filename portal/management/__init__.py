"""Commands of the project itself: run_portal."""
