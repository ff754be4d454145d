"""The load balancers at work: Envoy, and health checks."""
