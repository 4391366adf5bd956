# SPDX-License-Identifier: GPL-2.0
"""What is measured: a module for each comparison of drivers.

Each has the names of its DRIVERS in order, the REFERENCE that the others are compared
with, METRICS with their units, AS_SPEED (metrics whose quotient is turned around: a
driver that takes half the time has 2), all cells by matrix(clock) and the main ones by
quick(clock), and makes runs (see plan.py) of some of them.
"""
