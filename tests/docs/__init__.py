"""The programs of the documentation."""
