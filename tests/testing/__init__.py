"""The test server, checked against our OpenAPI document."""
