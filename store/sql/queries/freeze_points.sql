-- Keep the intervals of all points that start before an instant as they are.
UPDATE point SET frozen_before = %(before)s WHERE coalesce(frozen_before, '-infinity') < %(before)s::timestamptz
