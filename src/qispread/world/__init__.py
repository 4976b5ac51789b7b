"""From a scenario and a seed to the arrays that both engines start from."""
