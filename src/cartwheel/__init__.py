"""Cartwheel: an event-driven shop back end. One definition, two hosts."""
