"""Instances: folders, processes, programs."""
