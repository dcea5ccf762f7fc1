"""Prompts: what a model is shown for each task, in English and Chinese."""
