-- The report of a comparison in a language, null where it has not ended.
SELECT CASE %(language)s WHEN 'fr' THEN report_fr ELSE report_en END
FROM comparison WHERE community_no = %(community_no)s AND no = %(no)s
