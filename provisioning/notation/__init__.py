"""How entries of YAML are written and read; the settings share it with the carrier's schema."""
