"""A stand-in GoCD: a server that runs one pipeline, and agents for its jobs."""
