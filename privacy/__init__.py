"""How long what is known about people is kept, and by which law: pure, days are arguments (F4)."""
