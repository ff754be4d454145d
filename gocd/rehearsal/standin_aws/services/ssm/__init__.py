"""Run Command: orders that really run on instances."""
