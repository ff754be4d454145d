"""Open-loop traffic, and what it went through."""
