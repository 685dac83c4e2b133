-- Note that the nightly check begins, and return its number.
INSERT INTO recomputation DEFAULT VALUES RETURNING no
