"""A site's own pipeline files, written from texts with marked places.

``staged.yaml`` and its like are those texts, ``marks`` fills them in. ``pipelines/*.gocd.yaml`` are what they
come to where a site says nothing: change a text here, and ``make templates`` writes those again.
"""
