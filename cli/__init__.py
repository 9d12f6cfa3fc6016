"""The command-line program `fernamt`, one file per noun; bootstrap.py and run_*.py wire everything."""
