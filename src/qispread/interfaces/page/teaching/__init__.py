"""Lessons: predict, run, explain. Texts are declared in lessons.yaml; their numbers are computed from runs."""
