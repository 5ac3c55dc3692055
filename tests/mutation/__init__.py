"""Mutation testing: small changes of the code that at least one test of its package must notice.

``python -m tests.mutation`` draws mutants by a seed, evenly over the modules of `PACKAGES`. Each one runs in a copy of
the project against the tests of its package that execute the changed line, the fastest first, until one fails.
`survivors.md` explains the mutants that no test notices.
"""
