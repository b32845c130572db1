"""When payments happen: pay days, hours of the day, weekdays and holidays.

Others may import every file here.
"""
