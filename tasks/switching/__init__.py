"""Users led from blue to green in steps, watched, and back."""
