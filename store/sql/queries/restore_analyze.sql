-- Let the planner know what came.
ANALYZE
