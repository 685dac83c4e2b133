-- Empty the staging tables before the next community of the same transaction.
TRUNCATE allocated, balanced, paired
