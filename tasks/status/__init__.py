"""How a service is, and whether it has settled."""
