"""Attendant: an LLM voice agent for the Asterisk PBX its owner already runs."""

__version__ = "0.1.0"
