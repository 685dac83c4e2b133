-- The extension in the version that made the backup: its catalogue is restored row by row and fits no other.
CREATE EXTENSION timescaledb VERSION %(version)s
