"""Pure: who speaks, who is heard, and what of it was really said."""
