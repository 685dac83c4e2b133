"""The vocabulary of the hub: readings, points, communities, keys, time, units, columns, errors."""
