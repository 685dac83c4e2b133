-- Note how far a comparison is; a row that is gone, as of somebody who was forgotten, is no comparison any more.
UPDATE comparison SET steps_done = %(steps_done)s, steps = %(steps)s WHERE no = %(no)s AND status = 'running'
