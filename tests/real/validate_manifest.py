"""Holds a Kubernetes manifest against the API's own types, in an environment that has the official client.

    python validate_manifest.py FILE

The client's classes are generated from the OpenAPI document of the API: every key must be one, every value of its type, and
what is required must be there (the classes' own setters check that). Prints one line a fault; exit code 1 where there is one.
"""

import re
import sys

import yaml
from kubernetes import client

SIMPLE = {"str": str, "int": int, "bool": bool, "float": (int, float), "datetime": str}


def check(value, kind, place):
    if match := re.fullmatch(r"[Ll]ist\[(.+)\]", kind):
        if not isinstance(value, list):
            yield f"{place}: a list is expected"
            return
        for at, item in enumerate(value):
            yield from check(item, match[1], f"{place}[{at}]")
    elif match := re.fullmatch(r"[Dd]ict[\[(](\w+), (.+)[\])]", kind):
        if not isinstance(value, dict):
            yield f"{place}: an object is expected"
            return
        for key, item in value.items():
            yield from check(item, match[2], f"{place}.{key}")
    elif kind in SIMPLE:
        if not isinstance(value, SIMPLE[kind]) or (isinstance(value, bool) and kind != "bool"):
            yield f"{place}: {kind} is expected, not {value!r}"
    elif kind != "object":
        yield from check_model(value, getattr(client, kind), place)


def check_model(value, model, place):
    if not isinstance(value, dict):
        yield f"{place}: an object is expected"
        return
    known = {name: attribute for attribute, name in model.attribute_map.items()}
    given = {}
    for key, item in value.items():
        if key not in known:
            yield f"{place}.{key}: no such field of {model.__name__}"
            continue
        given[known[key]] = item
        yield from check(item, model.openapi_types[known[key]], f"{place}.{key}")
    try:
        model(**given)
    except ValueError as error:
        yield f"{place}: {error}"


def main(path):
    with open(path, encoding="utf-8") as stream:
        documents = list(yaml.safe_load_all(stream))
    faults = []
    for document in documents:
        group = {"batch/v1": "V1", "v1": "V1"}[document["apiVersion"]]
        faults += check_model(document, getattr(client, group + document["kind"]), document["kind"])
    print("\n".join(faults) or f"{len(documents)} documents fit")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
