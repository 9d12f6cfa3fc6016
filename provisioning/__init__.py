"""The carrier in YAML: read, checked with file:line:column, compiled into a snapshot."""
