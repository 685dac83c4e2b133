-- Keep what a comparison found, unless it was removed meanwhile.
UPDATE comparison
SET status = 'done', ended_at = now(), result = %(result)s, report_en = %(report_en)s, report_fr = %(report_fr)s
WHERE no = %(no)s AND status = 'running'
