"""Groups of methods of the test server, and what they share."""
