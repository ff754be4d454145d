"""A GoCD server, asked over its REST API."""
