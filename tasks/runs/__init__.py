"""Runs of pipelines on a GoCD server: begun, followed, looked at and gone on with."""
