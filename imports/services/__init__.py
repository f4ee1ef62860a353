"""What changes syncs and their apps; one act per file."""
