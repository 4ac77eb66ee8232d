"""Hourly fields of thermosphere density: made, converted, stored and read.

`generate_snapshots` (in `generate`) fills a folder from a source, `SnapshotStore` (in
`store`) reads it in blocks. Sources: NRLMSIS (`msis_source`), the same with a memory as a
test truth (`relaxed`), TIE-GCM histories (`tiegcm`) and yearly HDF5 files (`yearly_hdf5`).
Density at points by NRLMSIS is `msis_density` (in `msis`).
"""
