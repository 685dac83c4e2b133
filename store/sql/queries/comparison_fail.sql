-- Say why a comparison could not be made.
UPDATE comparison SET status = 'failed', ended_at = now(), error = %(error)s WHERE no = %(no)s AND status = 'running'
