-- The database says by this schema that what it holds is not whole.
CREATE SCHEMA IF NOT EXISTS unfinished_restore
