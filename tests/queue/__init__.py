"""Tests of the guide to task queues with arq, for the session ``queue``."""
