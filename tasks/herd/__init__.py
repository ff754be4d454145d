"""HERD as MDL stands it up: its names, its upgrades, and what it says of itself."""
