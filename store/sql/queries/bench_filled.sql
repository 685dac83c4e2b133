-- Whether a hub has something in it that a bench would destroy.
SELECT EXISTS (SELECT FROM reading) OR EXISTS (SELECT FROM device) OR EXISTS (SELECT FROM stale)
    OR EXISTS (SELECT FROM community) OR EXISTS (SELECT FROM holder)
