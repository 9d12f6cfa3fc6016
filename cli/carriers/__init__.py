"""What the commands of numbers, configuration and emergency directories do."""
