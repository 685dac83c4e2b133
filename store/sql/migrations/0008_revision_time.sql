-- Old values go with the readings that they were of, oldest first: without this each look for some goes through all.
CREATE INDEX reading_revision_at ON reading_revision (at);
