"""Writes independent-verdicts.json: a judge that was written in another language from docs/reference/judging.md and decision
0044, by somebody else than the one under test, on streams of outcomes that are extreme. Nothing is rounded here, whole
histories are kept, and the nearest null is found by numerical minimisation.

pip install numpy scipy && python independent-judge.py > independent-verdicts.json
"""

import json

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import expit, logit, logsumexp

SHIFTS = 6 * np.arange(1, 41) / 40
FEWEST = 10
INERTIA = 50
MARGIN, PROMOTION_MARGIN = 0.01, 0.05


def wilson(good, bad, deviations):
    n = good + bad
    if n == 0:
        return 0.0, 1.0
    # The roots of (p - share)^2 = z^2 p (1 - p) / n.
    share, z2n = good / n, deviations**2 / n
    roots = np.roots([1 + z2n, -(2 * share + z2n), share**2]).real
    return (0.0 if good == 0 else min(roots)), (1.0 if bad == 0 else max(roots))


def own_ends(good, bad, effective_agents):
    if good + bad < FEWEST:
        return wilson(good, bad, 3)
    near, sure = wilson(good, bad, 1), wilson(good, bad, 2.33 / np.sqrt(effective_agents))
    return min(near[0], sure[0] + MARGIN), max(near[1], sure[1] - PROMOTION_MARGIN)


def entropy(p, q):
    return p * np.log(p / q) + (1 - p) * np.log((1 - p) / (1 - q))


def nearest(of_candidate, of_stable, difference, per_candidate):
    low, high = max(1e-9, 1e-9 - difference), min(1 - 1e-9, 1 - 1e-9 - difference)
    cost = lambda q: per_candidate * entropy(of_stable, q) + entropy(of_candidate, q + difference)
    # The ends of what is searched lie around the least: each side alone is least at its own rate.
    ends = sorted([of_stable, of_candidate - difference])
    low, high = max(low, ends[0]), min(high, ends[1])
    found = minimize_scalar(cost, bounds=(low, high), method="bounded", options={"xatol": 1e-13})
    return found.x + difference, found.x


def log_odds_moved(rate, shift):
    return rate if rate <= 0 or rate >= 1 else expit(logit(rate) + shift)


class Judge:
    def __init__(self, unit, histories):
        self.unit, self.histories = unit, histories
        self.before = np.sum([[0, 0], *histories.values()], axis=0)
        self.worse, self.not_worse = np.zeros(40), np.zeros(40)
        self.candidate, self.stable = [], []  # of the block: (good, low, high) and (good, expected)
        self.recent = np.zeros(3)  # good, bad, expected
        self.silent = 50  # outcomes of the candidate since the last one of stable
        self.of_agent = {}
        self.highest = -np.inf

    def count(self, arm, agent, good):
        history = self.histories.get(agent, (0, 0))
        if arm == "stable":
            if self.unit == "Agent" and sum(history) < FEWEST:
                return
            self.stable.append((good, history[0] / sum(history) if self.unit == "Agent" else 0.0))
            self.silent = 0
        else:
            counts = np.array(list(self.of_agent.values()) or [1])
            ends = own_ends(*history, counts.sum() ** 2 / (counts**2).sum()) if self.unit == "Agent" else (0, 0)
            self.of_agent[agent] = self.of_agent.get(agent, 0) + 1
            self.candidate.append((good, *ends))
            self.silent += 1
        candidates, stables = len(self.candidate), len(self.stable)
        if stables:
            whole = candidates >= 2 or (candidates and stables >= 20 * candidates)
        else:
            whole = candidates and self.silent >= 50
        if whole:
            self.close()
        self.highest = max(self.highest, self.evidence(self.worse))

    def close(self):
        self.worse = self.bet(self.worse, -1, MARGIN)
        self.not_worse = self.bet(self.not_worse, 1, PROMOTION_MARGIN)
        kept = (1 - 1 / 1000) ** len(self.stable)
        good = sum(g for g, _ in self.stable)
        self.recent = self.recent * kept + [good, len(self.stable) - good, sum(e for _, e in self.stable)]
        self.candidate, self.stable = [], []

    def bet(self, wealth, sign, margin):
        good = sum(g for g, *_ in self.candidate)
        own = float(np.mean([low if sign < 0 else high for _, low, high in self.candidate]))
        seen = self.recent[0] + self.recent[1]
        if self.unit == "Session":
            known = self.before[0] / self.before.sum() if self.before.sum() >= FEWEST else None
            if known is None and seen < FEWEST:
                return wealth
            expected = known if known is not None else self.recent[0] / seen
            present = (self.recent[0] + INERTIA * expected) / (seen + INERTIA)
            if self.stable:
                return self.on_block(wealth, sign, present, -margin, good)
            kept = INERTIA * expected
            low = wilson(self.recent[0] + kept, self.recent[1] + INERTIA - kept, 1)[0]
            return self.on_edge(wealth, sign, low - margin, good) if sign < 0 else wealth
        shift = np.zeros(3)
        if seen > 0:
            expected = self.recent[2] / seen
            least = 0.5 / (seen + INERTIA + 1)
            rate = np.clip((self.recent[0] + INERTIA * expected) / (seen + INERTIA), least, 1 - least)
            middle = logit(rate) - logit(np.clip(expected, least, 1 - least))
            width = 1 / np.sqrt((seen + INERTIA) * rate * (1 - rate))
            shift = np.array([middle - width, middle, middle + width])
        if not self.stable:
            return self.on_edge(wealth, sign, log_odds_moved(own, shift[0 if sign < 0 else 1]) - margin, good)
        expected = float(np.mean([e for _, e in self.stable]))
        at = lambda change: log_odds_moved(own, change) - log_odds_moved(expected, change)
        difference = min(at(shift[0]), at(shift[2])) if sign < 0 else at(shift[1])
        return self.on_block(wealth, sign, log_odds_moved(expected, shift[1]), difference - margin, good)

    def on_edge(self, wealth, sign, edge, good):
        edge = min(edge, 0.999)
        if edge < 0.01:
            return wealth
        other = expit(logit(edge) + sign * SHIFTS)
        bad = len(self.candidate) - good
        return wealth + good * np.log(other / edge) + bad * np.log((1 - other) / (1 - edge))

    def on_block(self, wealth, sign, guess, difference, good):
        of_stable = np.clip(guess, 0.01, 0.999)
        edge = of_stable + difference
        if edge < 0.01:
            return wealth
        n, m = len(self.candidate), len(self.stable)
        bad, s_good = n - good, sum(g for g, _ in self.stable)
        result = wealth.copy()
        for index, shift in enumerate(SHIFTS):
            of_candidate = expit(logit(min(edge, 0.999)) + sign * shift)
            if sign * (of_candidate - edge) <= 0:
                continue
            null_candidate, null_stable = nearest(of_candidate, of_stable, difference, m / n)
            result[index] += (
                good * np.log(of_candidate / null_candidate)
                + bad * np.log((1 - of_candidate) / (1 - null_candidate))
                + s_good * np.log(of_stable / null_stable)
                + (m - s_good) * np.log((1 - of_stable) / (1 - null_stable))
            )
        return result

    @staticmethod
    def evidence(wealth):
        return float(logsumexp(wealth) - np.log(40))


def stream(name, unit, histories, letters):
    """`letters`: one outcome each: an agent's letter, large of the candidate; then + or -."""
    judge = Judge(unit, histories)
    for agent, sign in zip(letters[::2], letters[1::2]):
        judge.count("candidate" if agent.isupper() else "stable", agent.lower(), sign == "+")
    return {
        "name": name,
        "unit": unit,
        "histories": {agent: list(counts) for agent, counts in histories.items()},
        "outcomes": letters,
        "worse": round(judge.evidence(judge.worse), 4),
        "highestWorse": round(judge.highest, 4),
        "notWorse": round(judge.evidence(judge.not_worse), 4),
    }


def main():
    random = np.random.default_rng(49)

    def outcomes(agents, weights, exposed, rates, count, burst=1):
        text = []
        weights = np.array(weights, float) / sum(weights)
        while len(text) < count:
            agent = agents[random.choice(len(agents), p=weights)]
            for _ in range(int(random.integers(1, burst + 1))):
                good = random.random() < rates[agent]
                text.append((agent.upper() if agent in exposed else agent) + ("+" if good else "-"))
        return "".join(text[:count])

    even = {"a": 0.96, "b": 0.9, "c": 0.99, "d": 0.8}
    kept = {"a": (480, 20), "b": (90, 10), "c": (9, 1), "d": (8, 2)}
    found = []
    for unit in ["Agent", "Session"]:
        add = lambda name, histories, letters: found.append(stream(f"{name}, {unit}", unit, histories, letters))
        add("equal, one of four", kept, outcomes("abcd", [1, 1, 1, 1], "d", even, 300))
        add("worse by far", kept, outcomes("abcd", [1, 1, 1, 1], "a", {**even, "a": 0.4}, 120))
        add("in bursts", kept, outcomes("abcd", [1, 1, 1, 1], "bc", even, 300, burst=40))
        add("one agent has nearly all", kept, outcomes("abcd", [97, 1, 1, 1], "ac", even, 300))
        add("no history", {}, outcomes("abcd", [1, 1, 1, 1], "a", even, 200))
        add("history of one", {agent: (1, 0) for agent in "abcd"}, outcomes("abcd", [1, 1, 1, 1], "a", even, 200))
        add("history of nine", {agent: (9, 0) for agent in "abcd"}, outcomes("abcd", [1, 1, 1, 1], "a", even, 200))
        add("history of ten", {agent: (10, 0) for agent in "abcd"}, outcomes("abcd", [1, 1, 1, 1], "a", even, 200))
        add("history of a million", {agent: (960_000, 40_000) for agent in "abcd"}, outcomes("abcd", [1, 1, 1, 1], "a", even, 200))
        add("all bad before and now", {agent: (0, 50) for agent in "abcd"}, outcomes("abcd", [1, 1, 1, 1], "a", dict.fromkeys("abcd", 0.0), 120))
        add("all good before and bad now", {agent: (50, 0) for agent in "abcd"}, outcomes("abcd", [1, 1, 1, 1], "a", {**dict.fromkeys("abcd", 1.0), "a": 0.0}, 60))
        add("all good", {agent: (50, 0) for agent in "abcd"}, outcomes("abcd", [1, 1, 1, 1], "a", dict.fromkeys("abcd", 1.0), 200))
        add("stable falls too", kept, outcomes("abcd", [1, 1, 1, 1], "a", dict.fromkeys("abcd", 0.3), 200))
        add("bad ones first", kept, "A-" * 10 + "b-" * 10 + "b+" * 90 + "A+" * 90)
        add("nobody stays on stable", kept, outcomes("ab", [1, 1], "ab", {"a": 0.7, "b": 0.7}, 150))
        add("stable comes late", kept, "A-" * 5 + outcomes("abcd", [1, 1, 1, 1], "", even, 100) + "A-" * 3)
        add("agents that appear late", {"a": (95, 5), "b": (95, 5)}, outcomes("ab", [1, 1], "a", even, 80) + outcomes("abcd", [1, 1, 1, 1], "ac", even, 150))
    print(json.dumps({"streams": found}, indent=1))


main()
