"""Writes reference-figures.json: what other people's programs say, for the judge to be held against.

pip install confseq==0.0.11 "scipy<1.15" "numpy<2" matplotlib multiprocess pytest   (needs a C++ compiler and Boost's headers)
python reference-figures.py > reference-figures.json
"""

import json

import numpy as np
from confseq.betting import betting_mart
from scipy.optimize import minimize_scalar
from scipy.special import expit, logit, logsumexp, rel_entr
from scipy.stats import binomtest, norm

SHIFTS = 6 * np.arange(1, 41) / 40
generator = np.random.default_rng(8)


def wilson(good, bad, deviations):
    level = 2 * norm.cdf(deviations) - 1
    interval = binomtest(good, good + bad).proportion_ci(level, method="wilson")
    return {"good": good, "bad": bad, "deviations": deviations, "low": interval.low, "high": interval.high}


def wealth(edge, rate, outcomes, sign):
    """A likelihood ratio of a Bernoulli outcome is a bet of (alternative - edge) / (edge (1 - edge)) on its excess over the edge."""
    good = (generator.random(outcomes) < rate).astype(float)
    logs = []
    for alternative in expit(logit(edge) + sign * SHIFTS):
        stake = (alternative - edge) / (edge * (1 - edge))
        martingale = betting_mart(
            good, edge, lambdas_fn_positive=lambda x, m: np.repeat(stake, len(x)), theta=1, trunc_scale=1
        )
        logs.append(float(np.log(martingale[-1])))
    return {
        "edge": edge,
        "direction": "Lower" if sign < 0 else "Higher",
        "good": int(good.sum()),
        "bad": int(outcomes - good.sum()),
        "logWealth": logs,
        "evidence": float(logsumexp(logs) - np.log(len(logs))),
    }


def nearest(candidate, stable, difference, stable_per_candidate):
    def entropy(p, q):
        return rel_entr(p, q) + rel_entr(1 - p, 1 - q)

    found = minimize_scalar(
        lambda rate: entropy(candidate, rate + difference) + stable_per_candidate * entropy(stable, rate),
        bounds=(max(1e-9, 1e-9 - difference), min(1 - 1e-9, 1 - 1e-9 - difference)),
        method="bounded",
        options={"xatol": 1e-13},
    )
    return {
        "alternative": [candidate, stable],
        "difference": difference,
        "stablePerCandidate": stable_per_candidate,
        "rate": found.x,
        "entropy": found.fun,
    }


print(
    json.dumps(
        {
            "wilson": [
                wilson(*case)
                for case in [(95, 5, 1.96), (96, 4, 1), (480, 20, 1), (0, 12, 1.96), (12, 0, 1.96), (1, 0, 1), (7, 3, 2.5758)]
            ],
            "wealth": [
                wealth(0.96, 0.9, 100, -1),
                wealth(0.95, 0.95, 150, -1),
                wealth(0.999, 0.99, 200, -1),
                wealth(0.91, 0.97, 150, 1),
                wealth(0.5, 0.5, 60, 1),
                wealth(0.01, 0.0, 40, -1),
            ],
            "nearest": [
                nearest(*case)
                for case in [
                    (0.8, 0.96, 0, 99), (0.056, 0.96, 0, 20), (0.4, 0.96, -0.01, 1), (0.9, 0.96, -0.05, 0.5),
                    (0.7, 0.75, 0.2, 30), (0.998, 0.96, -0.05, 2), (0.99, 0.9, 0.03, 10), (0.003, 0.5, -0.01, 3),
                ]
            ],
        },
        indent=1,
    )
)
