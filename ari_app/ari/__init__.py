"""Lines to an Asterisk over its REST interface."""
