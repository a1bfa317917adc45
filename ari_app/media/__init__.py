"""Pure: what happens to packets and samples. Time is an argument or a count of samples."""
