"""Soak test: mixed traffic with faults and cancellations for some minutes, in which every call is accounted for."""
