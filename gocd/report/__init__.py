"""The report page: what a rollout did to its users, in one file that needs nothing else."""
