"""One controller against two: calls decided per second, and how long a call waits for its decision."""
