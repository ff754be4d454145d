"""Deployments that walk their lifecycle, in place and blue/green."""
