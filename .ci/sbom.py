"""Writes what the program consists of, as CycloneDX: the crates in it and in its browser half, and the data that come along.

What is only needed to build or test is left out: cargo says for which of its features each crate is built in.
"""

import json
import subprocess
import sys
import tomllib
from datetime import datetime, timezone

WASM = "wasm32-unknown-unknown"
# Ours, and no crates: DECISIONS.md tells of them.
DATA = [
    {"type": "data", "name": "Natural Earth", "description": "The world's outlines", "licenses": [{"license": {"name": "Public domain"}}]},
    {"type": "file", "name": "Liberation Sans", "description": "The font of pictures", "licenses": [{"license": {"id": "OFL-1.1"}}]},
]


def cargo(*arguments):
    return subprocess.run(["cargo", *arguments], check=True, capture_output=True, text=True).stdout


def crates(*arguments):
    """(name, version) of the crates that are built in, with their licences. Macros run in the compiler and are none of them."""
    tree = cargo("tree", "--locked", "--edges", "normal", "--prefix", "none", "--no-dedupe", "--format", "{p}\t{l}", *arguments)
    lines = {line for line in tree.splitlines() if line and "(proc-macro)" not in line}
    return {tuple(line.split("\t")[0].split()[:2]): line.split("\t")[1] for line in lines}


def component(name, version, licence, checksum, parts):
    version = version.removeprefix("v")
    found = {"type": "library", "name": name, "version": version, "bom-ref": f"pkg:cargo/{name}@{version}"}
    found["scope"] = "required"
    if licence:
        # Cargo's older way to write "or".
        found["licenses"] = [{"expression": " OR ".join(part.strip() for part in licence.split("/"))}]
    if checksum:
        found["purl"] = found["bom-ref"]
        found["hashes"] = [{"alg": "SHA-256", "content": checksum}]
    found["properties"] = [{"name": "trailmap:part", "value": part} for part in parts]
    return found


def main(out):
    with open("Cargo.lock", "rb") as file:
        locked = {(package["name"], package["version"]): package.get("checksum") for package in tomllib.load(file)["package"]}
    about = subprocess.check_output(["rustc", "-vV"], text=True).splitlines()
    host = next(line.removeprefix("host: ") for line in about if line.startswith("host: "))
    program = crates("--package", "trailmap", "--target", host)
    browser = crates("--package", "app", "--target", WASM, "--no-default-features", "--features", "hydrate")
    components = []
    for name, version in sorted({**program, **browser}):
        key = (name, version)
        parts = [part for part, of in (("program", program), ("browser", browser)) if key in of]
        licence = program.get(key) or browser.get(key)
        checksum = locked[(name, version.removeprefix("v"))]
        components.append(component(name, version, licence, checksum, parts))
    own = next(of for of in components if of["name"] == "trailmap")
    bom = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "timestamp": datetime.now(timezone.utc).isoformat(timespec="seconds"),
            "component": {"type": "application", "name": "trailmap", "version": own["version"], "bom-ref": own["bom-ref"]},
            "properties": [{"name": "trailmap:target", "value": host}],
        },
        "components": [of for of in components if of is not own] + DATA,
    }
    assert all("licenses" in of for of in bom["components"]), [of["name"] for of in bom["components"] if "licenses" not in of]
    with open(out, "w") as file:
        json.dump(bom, file, indent=1)
    print(f"{out}: {len(program)} crates in the program for {host}, {len(browser)} in its browser half")


if __name__ == "__main__":
    main(sys.argv[1])
