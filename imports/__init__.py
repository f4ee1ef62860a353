"""Import apps, deliveries, syncs and their states, and the pipeline that works them."""
