"""A release onto a whole fleet, batch by batch."""
