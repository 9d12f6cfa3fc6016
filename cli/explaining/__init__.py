"""Questions about calls and plans, answered without placing a call."""
