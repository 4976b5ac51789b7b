"""Measures, rules, networks and policies that users declare in files of their own."""
