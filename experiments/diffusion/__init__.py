"""Two diffusions that were observed: does each need contagion, once an external push is allowed?"""
