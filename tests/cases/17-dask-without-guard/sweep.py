import qispread as qs

experiment = {
    "name": "guard",
    "base": "world.yaml",
    "factors": {"copying.copy_loss": {}},
    "design": {"kind": "latin_hypercube", "points": 8},
    "replicates": 2,
    "measures": {"final": ["effect"]},
}
qs.sweep(experiment, "guard", executor="dask", workers=2)  # no `if __name__ == "__main__"`
