"""CodeDeploy deployments: begun, followed, watched."""
