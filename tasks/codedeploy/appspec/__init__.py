"""A release's appspec, judged before anything is sent as CodeDeploy's agent would judge it."""
