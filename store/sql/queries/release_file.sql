-- One file of a release.
SELECT f.name, f.media_type, f.content, f.sha256
FROM release_file AS f
JOIN release AS r ON r.no = f.release_no
WHERE r.dataset = %(dataset)s AND f.name = %(name)s AND (%(version)s::int IS NULL OR r.version = %(version)s)
ORDER BY r.version DESC
LIMIT 1
