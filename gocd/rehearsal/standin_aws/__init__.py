"""A stand-in AWS on loopback: a control plane that tells the truth, a real data plane, real instances."""
