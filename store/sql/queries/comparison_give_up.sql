-- Note that comparisons that were begun too often and never ended have failed.
UPDATE comparison SET status = 'failed', ended_at = now(), error = %(error)s
WHERE status = 'running' AND attempts >= %(most)s
