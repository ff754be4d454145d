"""Route 53: zones, their records, and when the name servers know of a change."""
