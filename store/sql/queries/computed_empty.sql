-- Empty the staging table before the next batch of the same transaction.
TRUNCATE computed
