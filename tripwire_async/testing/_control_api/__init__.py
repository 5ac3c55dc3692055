"""Control API of the test server under ``/_test/``, and the page that uses it."""
