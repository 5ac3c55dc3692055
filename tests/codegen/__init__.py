"""The tests of the code generator and of the document that it reads."""
