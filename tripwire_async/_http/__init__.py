"""One call of the API as values, from an operation and its arguments down to the socket."""
