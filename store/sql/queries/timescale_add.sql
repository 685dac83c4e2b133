-- Turn TimescaleDB on in this database.
CREATE EXTENSION IF NOT EXISTS timescaledb
