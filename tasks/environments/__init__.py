"""Environments that are cloned and retired: stacks, and Auto Scaling groups with their target groups."""
