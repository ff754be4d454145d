"""The person who runs a command, outside of GoCD."""

import getpass
import os


def user() -> str:
    """Return the name of the account: as the environment has it, else as the system knows it."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return str(os.getuid()) if hasattr(os, "getuid") else "somebody"
