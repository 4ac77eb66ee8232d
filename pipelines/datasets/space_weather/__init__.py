"""Space weather as files: read, checked, merged, kept up to date, and turned into drivers.

`open_space_weather` (in `table`) is where to start; the arithmetic of drivers, issue times
and futures needs no files and lies in `models.emulators` (`driver_*`).
"""
