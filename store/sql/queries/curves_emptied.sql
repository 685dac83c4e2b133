-- Empty the staging table before the next values of the same file.
TRUNCATE curve_incoming
