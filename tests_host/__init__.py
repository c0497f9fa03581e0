"""Checks whose truth is in a dom0."""
