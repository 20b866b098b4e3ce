"""Answers questions on what a warehouse has, by a model that looks it up."""
