"""The house rules of the infrastructure: each reads a stage and says what breaks it.

They hold for whatever is in the templates, so that a resource that comes tomorrow is judged by them, too. Every public
function of a module here is a rule, and `variants.py` must have a broken template that it notices.
"""
