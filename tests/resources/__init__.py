"""The parts of the API as users call them."""
