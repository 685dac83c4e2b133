-- What was computed from something that is gone cannot be computed again, and stays as it is. Null: nothing is gone.
-- On whole hours, so that no step of settlement is cut.

-- Intervals of the point that start before this are kept: readings they were made of were dropped.
ALTER TABLE point ADD COLUMN frozen_before timestamptz
    CHECK (extract(epoch FROM frozen_before)::bigint % 3600 = 0);

-- Balances and allocations that start before this are kept: intervals were dropped, or a member was forgotten.
ALTER TABLE community ADD COLUMN frozen_before timestamptz
    CHECK (extract(epoch FROM frozen_before)::bigint % 3600 = 0);

-- Somebody was forgotten at their request: when, and how much went. Nothing here tells whom.
CREATE TABLE erasure (
    no          int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    erased_at   timestamptz NOT NULL DEFAULT now(),
    points      int NOT NULL,
    devices     int NOT NULL,
    readings    bigint NOT NULL,
    intervals   bigint NOT NULL,
    allocations bigint NOT NULL,
    messages    bigint NOT NULL
);
