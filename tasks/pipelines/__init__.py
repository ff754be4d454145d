"""The subcommands of ``pipeline``."""
