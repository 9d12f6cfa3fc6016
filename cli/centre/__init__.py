"""What the commands of the contact centre show and do."""
