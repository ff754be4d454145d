"""The stand-in server's REST API over HTTP, as strict about headers and versions as GoCD's."""
