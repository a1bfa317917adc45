"""Where records of live calls are kept."""
