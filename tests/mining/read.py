"""Reads a process-mining log with pm4py and prints what is in it, as JSON.

    read.py ocel FILE
    read.py xes FILE
"""

import json
import sys
import warnings

warnings.filterwarnings("ignore")

import pm4py  # noqa: E402


# How a path counts.
FLAGS = ["counted", "duplicate", "erased", "withdrawn"]


def counted(values):
    return {str(name): int(count) for name, count in values.value_counts().items()}


def read_ocel(path):
    ocel = pm4py.read_ocel2_json(path)
    return {
        "events": len(ocel.events),
        "objects": len(ocel.objects),
        "relations": len(ocel.relations),
        "object_relations": len(ocel.o2o),
        "changes": len(ocel.object_changes),
        "activities": counted(ocel.events["ocel:activity"]),
        "object_types": counted(ocel.objects["ocel:type"]),
        "qualifiers": counted(ocel.relations["ocel:qualifier"]),
        # By position: the event's time, its attributes as typed, and the objects that it touches.
        "timeline": [
            [row["ocel:eid"], row["ocel:timestamp"].isoformat(), row["recorded_at"].isoformat()]
            for _, row in ocel.events.iterrows()
        ],
        "amounts": int(ocel.events["amount"].dropna().sum()) if "amount" in ocel.events else 0,
        "flags": {
            name: int(sum(str(told).lower() == "true" for told in ocel.objects[name].dropna()))
            for name in FLAGS
        },
        # Objects that are named and are not there.
        "dangling": len(set(ocel.relations["ocel:oid"]) - set(ocel.objects["ocel:oid"]))
        + len(set(ocel.o2o["ocel:oid_2"]) - set(ocel.objects["ocel:oid"])),
    }


def read_xes(path):
    log = pm4py.read_xes(path)
    cases = log.groupby("case:concept:name", sort=False)
    return {
        "events": len(log),
        "cases": {str(case): list(events["concept:name"]) for case, events in cases},
        "activities": counted(log["concept:name"]),
        "starts": {str(name): int(count) for name, count in pm4py.get_start_activities(log).items()},
        "roles": counted(log["org:role"]),
        "resources": sorted(set(log["org:resource"])),
        "transitions": sorted(set(log["lifecycle:transition"])),
        "labels": sorted(set(log["label"])),
        "days": sorted({str(time.date()) for time in log["time:timestamp"]}),
        "flags": {
            name: int(sum(str(told).lower() == "true" for told in cases[f"case:{name}"].first()))
            for name in FLAGS
        },
        "sexes": counted(cases["case:sex"].first()) if "case:sex" in log else {},
    }


def main():
    form, path = sys.argv[1:]
    read = {"ocel": read_ocel, "xes": read_xes}[form]
    json.dump(read(path), sys.stdout)


main()
