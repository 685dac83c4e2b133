"""Tools for those who work on the hub; nothing here is installed with it."""
