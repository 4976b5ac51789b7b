"""The rules of the model, each a compiled scalar function of plain numbers.

Both engines call these functions, so each rule is written once. `jit` has the decorators and `random_draws` the random
numbers.
"""
