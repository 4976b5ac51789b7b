"""The model: what is measured, the rules, the worlds in which they act, and the engines that run them."""
