"""Does anything grow? A whole exchange under a steady load for a long time, watched process by process."""
