"""The design of the search space odyssey on our own tasks: what in an LSTM matters, and how its
four parameters do (Greff et al. 2017)."""
