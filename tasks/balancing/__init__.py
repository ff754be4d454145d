"""Out of load balancers and back: the floor, the drain, the memory, Standby."""
