"""A simulated territory whose homes speak the dialects of real devices."""
