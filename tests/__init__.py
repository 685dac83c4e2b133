"""Tests: on real servers, with real data, and laws that must hold."""
