INSERT INTO comparison (community_no, request, status, ended_at, error)
SELECT no, '{"from": "2026-01", "to": "2026-01", "key": [{"name": "prorata", "type": "prorata"}]}', 'failed', now(), 'why'
FROM community LIMIT 1;
