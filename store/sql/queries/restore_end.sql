-- What was restored is whole.
DROP SCHEMA IF EXISTS unfinished_restore
