"""Lessons: predict, run, explain; their texts are declared once, and every number in them comes from runs."""
