-- Note a check that was made at once.
INSERT INTO recomputation (started_at, ended_at, since, community_no, compared, differing, waiting)
VALUES (
    %(started_at)s, now(), %(since)s, %(community_no)s, %(compared)s, %(differing)s, %(waiting)s
)
