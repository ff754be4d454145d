"""Releases as they arrive: archives that are not trusted, folders, objects in S3."""
