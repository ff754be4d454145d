"""Stacks: templates whose resources really come up."""
