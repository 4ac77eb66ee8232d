"""Batch forecasts of any size: rows in, forecasts and rejects out, shard by shard."""
