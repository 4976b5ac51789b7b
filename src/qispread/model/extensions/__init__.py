"""Declarations of measures, rules, networks and policies in files of the user's own."""
