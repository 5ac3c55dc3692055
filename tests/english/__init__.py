"""Check of the language: phrases that plain technical English does not need, and coined names."""
