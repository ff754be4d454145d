"""A ``.gocd.yaml`` file, from its text to a pipeline, strictly."""
