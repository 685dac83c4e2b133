"""Grafana dashboards as code, and the page that the hub serves itself."""
