"""The sample application: what it serves (service.py) and how it is packed into a release (release.py)."""
