"""Tests of the stand-in AWS: real clients, a real Envoy, real processes."""
