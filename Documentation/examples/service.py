#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""A service that commits each request; says how long they took.

usage: service.py DATABASE REQUESTS
"""
# ---
import sqlite3
import sys
import time

db = sqlite3.connect(sys.argv[1])
db.execute("create table if not exists orders (id integer primary key, what text)")
took = []
for n in range(int(sys.argv[2])):
    begin = time.monotonic()
    with db:  # one transaction for each request
        db.execute("insert into orders (what) values (?)", ("x" * 200,))
    took.append((time.monotonic() - begin) * 1000)
took.sort()
print(f"p50 {took[len(took) // 2]:.1f} ms, p99 {took[len(took) * 99 // 100]:.1f} ms, "
      f"most {took[-1]:.1f} ms, {1000 * len(took) / sum(took):.0f} a second")
