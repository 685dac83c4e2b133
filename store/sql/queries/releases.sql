-- All releases with their files, newest first.
SELECT
    r.dataset, r.version, r.released_at, r.digest, r.previous_digest,
    (SELECT jsonb_agg(
        jsonb_build_object('name', f.name, 'media_type', f.media_type, 'sha256', f.sha256, 'bytes', length(f.content))
        ORDER BY f.name
    ) FROM release_file AS f WHERE f.release_no = r.no) AS files
FROM release AS r
ORDER BY r.dataset, r.version DESC
