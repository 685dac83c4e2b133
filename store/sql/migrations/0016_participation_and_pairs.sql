-- Points in several communities; which key shared a step; and whose production each member had.

-- A community has this part of all that the point withdraws and injects while the membership lasts.
ALTER TABLE membership ADD COLUMN participation_percent smallint NOT NULL DEFAULT 100
    CHECK (participation_percent BETWEEN 1 AND 100);

-- Refuse to give away more than the whole of a point. Looked at when a transaction ends: a part that moves from one
-- community to another may be in both in between.
CREATE FUNCTION require_whole_points() RETURNS TRIGGER
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF EXISTS (
        SELECT FROM membership AS m
        WHERE m.point_no = NEW.point_no AND m.valid_from < NEW.valid_to AND m.valid_to > NEW.valid_from AND (
            SELECT sum(o.participation_percent) FROM membership AS o
            WHERE o.point_no = m.point_no AND o.valid_from <= greatest(m.valid_from, NEW.valid_from)
                AND o.valid_to > greatest(m.valid_from, NEW.valid_from)
        ) > 100
    ) THEN
        RAISE EXCEPTION 'the communities of point number % have more than 100 %% of it together', NEW.point_no
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER membership_whole AFTER INSERT OR UPDATE ON membership
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION require_whole_points();

-- Every rule by which a community ever shared, once: its number stays when its dates change and when it is declared no
-- longer, so that what was shared by it can always be explained.
CREATE TABLE key_version (
    no           int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    community_no int NOT NULL REFERENCES community ON DELETE CASCADE,
    rule         jsonb NOT NULL
);
CREATE INDEX key_version_community ON key_version (community_no);
INSERT INTO key_version (community_no, rule)
SELECT community_no, rule FROM sharing_key GROUP BY community_no, rule ORDER BY community_no, min(valid_from);

-- By which rule the step was shared. Null where it was computed before this was kept, and cannot be computed again.
ALTER TABLE allocation ADD COLUMN key_no int;
ALTER TABLE allocation_revision ADD COLUMN key_no int;

-- What of a member's allocated energy each producer gave. Summed over producers it is the member's allocated energy,
-- and summed over members what the producer gave.
CREATE TABLE allocation_pair (
    community_no int NOT NULL,
    start        timestamptz NOT NULL,
    producer_no  int NOT NULL,
    point_no     int NOT NULL,
    allocated_wh bigint NOT NULL CHECK (allocated_wh > 0),
    PRIMARY KEY (community_no, start, producer_no, point_no)
);

-- All pairs of a step of a settled month as they were before a version changed it.
CREATE TABLE allocation_pair_revision (
    community_no int NOT NULL,
    start        timestamptz NOT NULL,
    version      int NOT NULL,
    producer_no  int NOT NULL,
    point_no     int NOT NULL,
    allocated_wh bigint NOT NULL,
    PRIMARY KEY (community_no, start, version, producer_no, point_no)
);

INSERT INTO stale (kind, ref_no, day)
SELECT DISTINCT 'community', b.community_no, (b.start AT TIME ZONE 'UTC')::date
FROM balance AS b
JOIN community AS c ON c.no = b.community_no
WHERE b.start >= coalesce(c.frozen_before, '-infinity')
ORDER BY 3, 2;
