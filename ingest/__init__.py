"""From what devices publish to readings: dialects, the MQTT listener, and files."""
