"""What a prefix is held against: one range of the key, sorted by flight number, as one JSON array."""

import json
import sqlite3
import sys

COLUMNS = ("flight_iata", "airline_iata", "departure_iata", "arrival_iata", "status", "provider", "refreshed_at")
RANGE = f"SELECT {', '.join(COLUMNS)} FROM aviationstack_cache WHERE cache_key >= ? AND cache_key < ?"

_, path, airline = sys.argv
found = sqlite3.connect(path).execute(RANGE, (f"flight:{airline}", f"flight:{airline}~")).fetchall()
found.sort(key=lambda row: int(row[0][len(airline) :]))
print(json.dumps([dict(zip(COLUMNS, row, strict=True)) for row in found]))
