"""Shipped settings as YAML; `pipelines.config.load_config` reads them by name."""
