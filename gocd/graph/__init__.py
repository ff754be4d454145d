"""What runs after what in a pipeline, drawn."""
