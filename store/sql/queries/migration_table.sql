-- What ran here, and the digest of its text, so that a changed file is noticed.
CREATE TABLE IF NOT EXISTS migration (
    name   text PRIMARY KEY,
    digest text NOT NULL,
    ran_at timestamptz NOT NULL DEFAULT now()
)
