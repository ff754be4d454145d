"""One file per stage-sized command, and beside them what the commands share; all durations are seconds."""
