"""Every backbone in both jobs, at equal parameters and equal tuning: what wins, what it costs."""
