-- Begin to read, and see one moment from the first query on, whatever is committed meanwhile.
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY
