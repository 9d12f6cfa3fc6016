"""What becomes of calls when a node cannot keep up, and how soon all is well again."""
