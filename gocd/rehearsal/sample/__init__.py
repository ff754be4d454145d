"""The sample application: what it serves (service.py), how it is packed (release.py). Beside it a HERD."""
