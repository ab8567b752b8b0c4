"""Reference values of FID, KID, precision, recall, density and coverage.

Independent of drift: numpy, and scipy's Schur-based matrix square root. The features are
made by a formula that the Go test repeats, so that only numbers need to be stored.

    python make_features.py > features.json
"""

import json

import numpy as np
import scipy.linalg


def features(n, dim, start):
    """Three hills; the fractional parts of multiples of irrational numbers spread the points."""
    i, j = np.meshgrid(np.arange(n), np.arange(dim), indexing="ij")
    u = np.modf((i + 1 + start) * np.sqrt(2 + 3 * j) + 0.1 * start * j)[0]
    return (u - 0.5) * (1 + 0.3 * j) + 0.7 * (i % 3) * (j % 2) + 0.05 * start


def fid(a, b):
    ca, cb = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    root = scipy.linalg.sqrtm(ca.astype(complex) @ cb)
    d = a.mean(0) - b.mean(0)
    return float(d @ d + np.trace(ca) + np.trace(cb) - 2 * np.trace(root).real)


def kid(a, b):
    dim = a.shape[1]
    k = lambda x, y: (x @ y.T / dim + 1) ** 3
    n, m = len(a), len(b)
    kaa, kbb = k(a, a), k(b, b)
    return float((kaa.sum() - np.trace(kaa)) / (n * (n - 1)) + (kbb.sum() - np.trace(kbb)) / (m * (m - 1)) - 2 * k(a, b).mean())


def overlap(real, fake, k):
    dist = lambda x, y: np.sqrt(((x[:, None] - y[None]) ** 2).sum(-1))
    reach_real, reach_fake = np.sort(dist(real, real), 1)[:, k], np.sort(dist(fake, fake), 1)[:, k]
    inside = dist(real, fake) <= reach_real[:, None]  # real × fake
    back = dist(fake, real) <= reach_fake[:, None]
    return {
        "precision": float(inside.any(0).mean()),
        "recall": float(back.any(0).mean()),
        "density": float(inside.sum() / k / len(fake)),
        "coverage": float(inside.any(1).mean()),
    }


cases = []
for n, m, dim, k in [(40, 50, 3, 3), (200, 150, 10, 5), (300, 300, 24, 3), (30, 25, 40, 5)]:
    a, b = features(n, dim, 0), features(m, dim, 7)
    case = {"n": n, "m": m, "dim": dim, "k": k, "kid": kid(a, b), **overlap(a, b, k)}
    if min(n, m) > dim:  # the matrix square root of a singular matrix is not to be trusted
        case["fid"] = fid(a, b)
    else:  # tr (C_a C_b)^1/2 is the nuclear norm of the centred features' product
        ya, yb = (a - a.mean(0)) / np.sqrt(n - 1), (b - b.mean(0)) / np.sqrt(m - 1)
        d = a.mean(0) - b.mean(0)
        case["fid"] = float(d @ d + (ya**2).sum() + (yb**2).sum() - 2 * np.linalg.norm(ya @ yb.T, "nuc"))
    cases.append(case)
print(json.dumps(cases, indent=1))
