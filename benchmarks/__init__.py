"""Measurements that nothing depends on: they print figures and assert none."""
