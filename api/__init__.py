"""The HTTP interface: serves what processing stored, and computes nothing."""
