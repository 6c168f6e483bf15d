"""How well messages are understood: the whole trained system on fixed messages that training never saw.

An entry point like the command line: nothing else in ``bot`` imports it.
"""
