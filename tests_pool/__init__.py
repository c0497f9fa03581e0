"""Checks whose truth is in the XenAPI."""
