"""Conversations as data: a YAML flow of steps, read and refused at start (`load`), walked by a
pure machine (`interpret`). Imports nothing that touches the world but the reading of files."""
