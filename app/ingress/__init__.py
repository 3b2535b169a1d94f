"""The ingress: webhooks in, durable on the log, and only then a 2xx."""
