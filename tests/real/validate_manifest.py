"""Holds a Kubernetes manifest against the API's own OpenAPI document, in an environment that has kubernetes-validate.

    python validate_manifest.py FILE

The package carries the JSON Schemas of every release of the API, made from its OpenAPI document. The strict ones are taken,
which know no other keys, of each release from OLDEST on. Prints one line a fault; exit code 1 where there is one.
"""

import sys

import kubernetes_validate
import yaml
from kubernetes_validate.utils import all_versions, major_minor

OLDEST = (1, 29)
"""backoffLimitPerIndex and maxFailedIndexes are switched on from this release on."""


def releases():
    known = {tuple(int(part) for part in major_minor(one).split(".")) for one in all_versions()}
    return [".".join(map(str, one)) for one in sorted(known) if one >= OLDEST]


def faults(document, release):
    try:
        kubernetes_validate.validate(document, release, strict=True)
    except kubernetes_validate.ValidationError as error:
        place = ".".join(map(str, error.absolute_path))
        return [f"{release} {document.get('kind')} {place}: {error.message}"]
    except kubernetes_validate.SchemaNotFoundError as error:
        return [f"{release}: {error.message}"]
    return []


def main(path):
    with open(path, encoding="utf-8") as stream:
        documents = list(yaml.safe_load_all(stream))
    assert documents, "no document"
    against = releases()
    found = [fault for release in against for document in documents for fault in faults(document, release)]
    print("\n".join(found) or f"{len(documents)} documents fit {against[0]} to {against[-1]}, {len(against)} releases")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
