"""The attribute of a load balancer by which it allows zonal shifts; here, it needs no moto to be known."""

ENABLED = "zonal_shift.config.enabled"
