"""What every command stands on: time, waiting, lines, events, errors; it knows no AWS."""
