-- Forget readings, but neither series nor devices.
TRUNCATE reading
