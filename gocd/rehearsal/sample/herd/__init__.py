"""A sample HERD, as MDL stands it up: its stack, its upgrade function, and a service with its build info."""
