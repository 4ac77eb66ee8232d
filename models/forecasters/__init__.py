"""Networks that forecast: transform, backbone and head, trained with Lightning."""
