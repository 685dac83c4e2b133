-- Remove points with their power, mappings and memberships; what was computed for them is gone.
WITH without_power AS (
    DELETE FROM power_now WHERE point_no = ANY (%(points)s)
), without_mappings AS (
    DELETE FROM device_mapping WHERE point_no = ANY (%(points)s)
), without_memberships AS (
    DELETE FROM membership WHERE point_no = ANY (%(points)s)
)
DELETE FROM point WHERE no = ANY (%(points)s)
