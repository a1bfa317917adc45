"""The call: a state machine that is told events and the time, and asks for commands."""
