"""The running system: settings, the `hub` command, the embedded stack and the demo."""
