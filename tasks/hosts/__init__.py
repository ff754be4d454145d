"""What runs on the instances themselves, through SSM, and what it tells."""
