"""Orbit studies: what errors of density do to a satellite's position.

`run_orbit_study` (in `study`) compares density models with a truth along one orbit;
`density_model` (in `named`) makes models by name, `read_tle` (in `tle`) a state from a TLE.
"""
