-- Keep the balances and allocations of all communities that start before an instant as they are.
UPDATE community SET frozen_before = %(before)s WHERE coalesce(frozen_before, '-infinity') < %(before)s::timestamptz
