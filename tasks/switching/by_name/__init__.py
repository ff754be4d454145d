"""Users led from blue to green by the records of a name."""
