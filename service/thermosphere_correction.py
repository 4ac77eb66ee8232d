"""Where the corrections used to be; see pipelines.thermosphere_density.stored_corrections."""

from pipelines.thermosphere_density.stored_corrections import load_corrections as load_corrections
