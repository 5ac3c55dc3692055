"""What only a browser can tell; ``python3 noxfile.py -s browser`` runs these, and the other tests do without one."""
