-- Whether a point or a community is not yet kept as it is before the instants, of which each may be null.
SELECT EXISTS (SELECT FROM point WHERE coalesce(frozen_before, '-infinity') < %(points)s::timestamptz)
    OR EXISTS (SELECT FROM community WHERE coalesce(frozen_before, '-infinity') < %(communities)s::timestamptz)
