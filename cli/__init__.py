"""The command-line program `fernamt`, one file per noun; `bootstrap.py` wires everything."""
