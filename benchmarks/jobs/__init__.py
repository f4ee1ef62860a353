"""What is measured. Each job runs in a process of its own (`benchmarks.child`), on a database of its own."""
