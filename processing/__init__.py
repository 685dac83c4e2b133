"""From readings to intervals, allocation, balances, indicators and datasets."""
