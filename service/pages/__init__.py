"""The pages at / and /docs: plain files without anything from elsewhere."""
