"""Reports, read by machines and by people."""
