"""Tests that need a browser; only ``python3 noxfile.py -s browser`` runs them."""
