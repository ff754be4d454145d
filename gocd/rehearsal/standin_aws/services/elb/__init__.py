"""Load balancers of both generations: registrations, health, settings."""
