"""Pipeline files looked through before anything runs."""
