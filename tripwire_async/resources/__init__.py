"""The parts of the API, as a client hangs them up: each speaks the API and never HTTP."""
