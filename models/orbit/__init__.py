"""Orbits under gravity and drag: frames, forces, propagation of many satellites at once.

`propagate` (in `propagation`) moves a batch, `fly` (in `flight`) tells what one satellite
meets. Units: km, km/s, seconds, degrees; density in kg/m3. A state is six numbers, position
and velocity in the true-equator mean-equinox frame (TEME), which serves as inertial.
"""
