"""A stand-in GoCD agent, a stand-in AWS, and traffic, all on loopback addresses."""
