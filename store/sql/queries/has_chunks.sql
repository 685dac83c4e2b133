-- Whether a table is kept in chunks, which are dropped whole. (One without any chunk has no row either.)
SELECT EXISTS (SELECT FROM pg_inherits WHERE inhparent = to_regclass(%(table)s::text))
