"""The rules of the model, each one compiled scalar function of plain numbers.

Both engines call these same functions, so a rule is written once. Nothing here imports anything else of
qispread; `compiling` holds the decorators and `draws` the random numbers.
"""
