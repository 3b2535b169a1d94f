"""What runs: settings, ingress, worker, console, command line, demo. It may import everything below it."""
