"""Reads schema `read` with pandas, as an analyst does, and prints what it finds, as JSON.

    analyst.py postgresql://NAME:PASSWORD@HOST:PORT/DATABASE
"""

import json
import sys
import warnings
from urllib.parse import urlsplit

warnings.filterwarnings("ignore")

import pandas  # noqa: E402
import pg8000.dbapi  # noqa: E402


def main(url):
    at = urlsplit(url)
    db = pg8000.dbapi.connect(
        user=at.username,
        password=at.password,
        host=at.hostname,
        port=at.port,
        database=at.path.lstrip("/"),
    )
    cases = pandas.read_sql("SELECT * FROM read.case_status", db)
    loans = pandas.read_sql("SELECT * FROM read.loan_status", db)
    regions = pandas.read_sql("SELECT code, label_fr FROM read.dim_region", db)
    joined = loans.merge(cases, on="person", suffixes=("", "_now"))
    joined = joined.merge(regions, left_on="region_now", right_on="code")
    return {
        "people": int(cases["person"].nunique()),
        "loans": len(loans),
        "joined": len(joined),
        "outstanding": int(joined.groupby("label_fr")["outstanding"].sum().sum()),
    }


print(json.dumps(main(sys.argv[1])))
