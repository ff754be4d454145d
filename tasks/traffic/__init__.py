"""Traffic sent, counted and judged."""
