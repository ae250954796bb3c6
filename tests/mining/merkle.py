"""Reads a log of Sira with pymerkle: its entries as the server bundles them, and proofs of the server.

    merkle.py ENTRIES PROOFS

ENTRIES holds bundles of entries one after the other: each entry behind its length, two bytes. PROOFS is a
JSON list of what the inclusion route answered. Prints as JSON the root that pymerkle computes at every
size, and for each proof whether it is the one that pymerkle makes and takes. Tree, proofs and verification
are pymerkle's own: it knows nothing of Sira.
"""

import base64
import json
import sys

from pymerkle import InmemoryTree, InvalidProof, verify_inclusion


def entries(path):
    with open(path, "rb") as file:
        while head := file.read(2):
            yield file.read(int.from_bytes(head, "big"))


def takes(tree, given):
    index, size = given["leaf_index"] + 1, given["size"]
    hashes = [base64.b64decode(one) for one in given["proof"]]
    proof = tree.prove_inclusion(index, size)
    if proof.path[1:] != hashes:
        return False
    leaf = base64.b64decode(given["leaf_hash"])
    proof.path = [leaf, *hashes]
    try:
        verify_inclusion(leaf, tree.get_root(size), proof, index, size, "sha256")
    except InvalidProof:
        return False
    return True


def main():
    tree = InmemoryTree(algorithm="sha256")
    roots = []
    for entry in entries(sys.argv[1]):
        tree.append_entry(entry)
        roots.append(base64.b64encode(tree.get_root()).decode())
    with open(sys.argv[2], encoding="utf-8") as file:
        proofs = json.load(file)
    print(json.dumps({"roots": roots, "taken": [takes(tree, one) for one in proofs]}))


main()
