"""One command, one process tree: broker, web, worker and scheduler of the embedded default, started, watched and stopped."""
