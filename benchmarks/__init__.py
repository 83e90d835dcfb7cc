"""Measurements of the engine on real footage: `make bench`. README.md tells how to add one."""
