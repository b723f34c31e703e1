"""What a batch is held against: designators on stdin, each row read on its own, a line of JSON for each."""

import json
import sqlite3
import sys

COLUMNS = ("flight_iata", "airline_iata", "departure_iata", "arrival_iata", "status", "provider", "refreshed_at")
ONE_ROW = f"SELECT {', '.join(COLUMNS)} FROM aviationstack_cache WHERE cache_key = ?"

connection = sqlite3.connect(sys.argv[1])
for line in sys.stdin:
    row = connection.execute(ONE_ROW, (f"flight:{line.strip()}",)).fetchone()
    print(json.dumps(dict(zip(COLUMNS, row, strict=True))))
