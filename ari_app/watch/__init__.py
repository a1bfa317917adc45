"""How a worker is doing, for those who look after it: health, metrics, live calls; read-only."""
