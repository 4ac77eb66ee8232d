"""Where do I go to measure speed? One question per file; each prints a table.

- `training_throughput`: our training loop against a bare PyTorch loop (`make bench`)
- `serving_latency`: how fast a running server answers

Results with their machine lie in `results/`. Nothing here is imported by the product.
"""
