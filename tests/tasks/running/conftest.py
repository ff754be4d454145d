"""A site's own tests are run where the site has installed what they test."""

collect_ignore = ["plugin_example"]
