"""Every method of every resource, over the wire and against the API's description."""
