"""The traps of a rollout on AWS, and how two naive pipelines and one of ours get through each."""
