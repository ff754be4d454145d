"""Samples of traffic: read from result files, measured, judged."""
