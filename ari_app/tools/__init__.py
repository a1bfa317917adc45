"""What agents may do besides talking."""
