"""Linux in front of the switch: who sends what to its SIP ports, and whose packets never reach them."""
