"""What AWS does by itself, a folder a service."""
