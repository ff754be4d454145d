"""Templates of GoCD pipelines as code; the site values are the parameters at the top of each file."""
