"""Zonal shifts: traffic led away from one zone of a load balancer."""
