"""The ways of placing a release, each behind one protocol."""
