"""AWS, one thing per file, in the words of a deployment."""
