"""Which inputs move the forecast of one fund, or of one epoch of density?"""
