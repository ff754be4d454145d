"""Groups that keep their members in service, and in number."""
