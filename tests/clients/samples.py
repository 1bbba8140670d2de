"""Real rows of ../data, or the full files that they were taken from where `MOVIES_JSON` or `EARTHQUAKES_JSON` names one."""

import functools
import json
import os

from millpond import ROOT


@functools.cache
def load(name):
    path = os.environ.get(f"{name.upper()}_JSON") or ROOT / f"tests/data/{name}-sample.json"
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def movies():
    """Films, each with its row's number as `_id`: titles repeat, and are not all strings."""
    return [{"_id": number, **row} for number, row in enumerate(load("movies"))]


def earthquakes():
    """Features of GeoJSON: points with a depth."""
    return [{"_id": feature["id"], **feature} for feature in load("earthquakes")["features"]]
