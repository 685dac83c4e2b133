-- Make readings and intervals what the server offers.
SELECT use_timescale()
