"""The GoCD side: pipelines as code, and rehearsing them on this machine."""
