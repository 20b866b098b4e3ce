"""The suites that are run with pytest, each copied into a folder of its own."""
