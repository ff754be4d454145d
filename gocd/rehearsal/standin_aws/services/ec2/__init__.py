"""Instances switched on and off, images, networks."""
