"""The deployment lock: one rollout at a time on a load balancer, for all pipelines."""
