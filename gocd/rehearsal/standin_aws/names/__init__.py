"""Names as clients meet them: a name server on loopback, and resolvers that keep its answers."""
