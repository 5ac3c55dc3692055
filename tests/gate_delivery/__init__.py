"""Tests of Gate delivery."""
