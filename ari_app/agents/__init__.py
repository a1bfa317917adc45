"""Agents that hold conversations."""
