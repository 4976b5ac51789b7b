"""The yardstick that the compiled kernel is measured against: the model as a good Mesa user writes it.

Plain Python: one agent an organisation, on a network, acting stage by stage with `AgentSet.do`, and a
`DataCollector` that keeps every measure of every month. Nothing is compiled, nothing is wasted on purpose.
`python benchmarks/idiomatic_mesa.py` prints seconds and nanoseconds per organisation-month of one run.
"""

import inspect
import math
import time
from collections import namedtuple

import mesa
import networkx as nx
import numpy as np
from mesa.discrete_space import FixedAgent, Network
from scipy.special import betaincinv, ndtr

UNAWARE, AWARE, DISCONTINUED, IMPLEMENTING, EMBEDDED = range(5)  # in use from IMPLEMENTING on
FACTORS = ("leadership", "alignment", "culture", "capability", "measurement", "slack", "turnover")
FACTOR_MEANS = np.array([0.5, 0.5, 0.5, 0.25, 0.4, 0.45, 0.15])
LITERATURE_CLAIM = 0.3
ATTRIBUTES = {"name": "programme", "benefit": 0.5, "complexity": 0.6, "codification": 0.4, "social": 0.6,
              "breadth": 1.2, "observability": 0.6, "effort": 0.35, "upkeep": 0.3, "midpoint": 0.5,
              "steepness": 3.0, "launch": 1}  # fmt: skip
PARAMETERS = {"leader_exit": 0.23, "broadcast": 0.004, "contact": 0.08, "copy_loss": 0.6, "lineage": 0.0,
              "standard": 0.0, "latitude": 1.0, "ambition": 0.8, "decay": 0.03, "embed": 0.13}  # fmt: skip
Intervention = namedtuple("Intervention", ATTRIBUTES, defaults=ATTRIBUTES.values())
PROGRAMME = (Intervention(),)
Parameters = namedtuple("Parameters", PARAMETERS, defaults=PARAMETERS.values())


class YardstickPractice:
    """What one organisation does with one intervention."""

    def __init__(self, plan):
        """Start unaware, with nothing that peers can see."""
        self.plan = plan
        self.stage, self.since, self.discontinued, self.generation, self.tuning = UNAWARE, -1, -1, 0, 0j
        self.fidelity = self.embedding = self.fit = self.result = self.goal = 0.0
        self.shown = None  # while in use: (result, fidelity, tuning, generation) at the end of last month
        self.peers = []  # (peer's practice, weight, similarity)

    def begin(self, month, fidelity, tuning, goal, generation):
        """Take a version of the intervention into use."""
        self.stage, self.since, self.embedding = IMPLEMENTING, month, 0.0
        self.fidelity, self.tuning, self.goal, self.generation = fidelity, tuning, goal, generation

    def discontinue(self, month):
        """Stop, and lose what was built."""
        self.stage, self.discontinued = DISCONTINUED, month
        self.fidelity = self.embedding = self.result = 0.0


class YardstickOrganisation(FixedAgent):
    """A trust, unit or practice; its setting is a point in the complex plane."""

    def __init__(self, model, cell, system, setting, baseline, factors):
        """Settle on a cell with the context that was drawn."""
        super().__init__(model)
        self.cell, self.system, self.setting, self.baseline = cell, system, setting, baseline
        for factor, value in zip(FACTORS, factors, strict=True):
            setattr(self, factor, value)
        self.practices = [YardstickPractice(plan) for plan in model.interventions]
        self.local_improvement = self.available = self.staff_time = self.tie_weight = 0.0
        self.draw = model.random.random

    def meet_peers(self):
        """Keep what the ties lead to, since they do not change during a run."""
        for peer in self.cell.neighborhood.agents:
            weight = self.model.network.G.edges[self.cell.coordinate, peer.cell.coordinate]["weight"]
            similarity = math.exp(-(abs(self.setting - peer.setting) ** 2) / 8.0)
            self.tie_weight += weight
            for own, other in zip(self.practices, peer.practices, strict=True):
                own.peers.append((other, weight, similarity))

    @property
    def load(self):
        """Time that the practices in use ask for, as a share of a full team."""
        total = 0.0
        for practice in self.practices:
            if practice.stage >= IMPLEMENTING:
                plan = practice.plan
                total += plan.effort * plan.upkeep if practice.stage == EMBEDDED else plan.effort
        return total

    def change_leader(self):
        """Perhaps change leader, whose successor may sweep out what is under way; set climate and time."""
        if self.draw() < self.model.exit_chance:
            self.leadership = 0.5 * self.leadership + 0.5 * self.random.choice(self.model.first_leadership)
            for practice in self.practices:
                if practice.stage == IMPLEMENTING and self.draw() < 0.25:
                    practice.discontinue(self.model.steps)
        self.available = min(1.0, self.slack + self.model.levers["time"]) * (0.5 + 0.5 * self.leadership)
        self.climate = (self.leadership * self.alignment * self.culture) ** (1.0 / 3.0)

    def hear(self):
        """Hear of an intervention from peers or at large, or return to one that was discontinued."""
        p = self.model.parameters
        for practice in self.practices:
            if practice.stage == UNAWARE and self.model.steps >= practice.plan.launch:
                missed, contact = 1.0 - p.broadcast, p.contact * practice.plan.observability
                for peer, weight, _ in practice.peers:
                    if peer.shown:
                        missed *= 1.0 - contact * weight
                if self.draw() < 1.0 - missed:
                    practice.stage = AWARE
            elif practice.stage == DISCONTINUED and self.draw() < 0.01:
                practice.stage = AWARE

    def decide(self):
        """Perhaps begin what is known: peers, advantage and climate speak for it, overload against."""
        p = self.model.parameters
        for index, practice in enumerate(self.practices):
            if practice.stage == AWARE:
                pressure, best = self.peer_influence(practice)
                advantage = best[0] if best else LITERATURE_CLAIM
                overload = max(0.0, self.load + practice.plan.effort - self.available)
                appeal = -3.6 + 2.5 * pressure + 2.0 * advantage + 3.0 * (self.climate - 0.5) - 1.5 * overload
                if p.standard:
                    colleagues = [one.practices[index].shown for one in self.model.members[self.system]]
                    appeal += 2.0 * p.standard * (1.0 - colleagues.count(None) / len(colleagues))
                if self.draw() < 1.0 / (1.0 + math.exp(-appeal - self.model.levers["push"])):
                    self.copy(practice, best, p.ambition * max(advantage, LITERATURE_CLAIM))

    def peer_influence(self, practice):
        """Return the share of ties that practise, and the best version that is visible."""
        practising, best, best_score = 0.0, None, -1.0
        for peer, weight, similarity in practice.peers:
            if shown := peer.shown:
                practising += weight
                score = weight * shown[0] * similarity
                if score > best_score:
                    best, best_score = shown, score
        return (practising / self.tie_weight if best else 0.0), best

    def copy(self, practice, best, goal):
        """Begin with the system's agreed standard, the best peer's version, or the literature alone."""
        model, p, plan = self.model, self.model.parameters, practice.plan
        most, unaided = p.copy_loss * plan.complexity, 1.0 - model.levers["support"]
        loss = most * (1.0 - plan.codification)
        if p.standard and self.draw() < p.standard:
            fidelity = 1.0 - most * (1.0 - max(0.8, plan.codification)) * unaided
            tuning = sum(one.setting for one in model.members[self.system]) / len(model.members[self.system])
            practice.begin(model.steps, fidelity, tuning, goal, 1)
        elif best:
            _, fidelity, tuning, generation = best
            kept = (p.lineage + (1.0 - p.lineage) * fidelity) * (1.0 - loss * unaided)
            practice.begin(model.steps, kept, tuning, goal, generation + 1)
        else:
            practice.begin(model.steps, 1.0 - loss, model.origin.setting, goal, 1)

    def improve(self):
        """Run a real cycle, change something in haste, or drift; then embed."""
        if not (load := self.load):
            return
        p, draw = self.model.parameters, self.draw
        dose = min(1.0, self.available / load)
        skill = (0.5 + 0.5 * self.measurement) * dose
        haste = 0.5 * (1.5 - dose) * (1.0 - 0.7 * p.standard * (1.0 - p.latitude))
        drift = p.decay * (1.0 - self.measurement * self.leadership) ** 2
        growth = p.embed * self.climate * dose
        for practice in self.practices:
            if practice.stage >= IMPLEMENTING:
                fidelity, embedding = practice.fidelity, practice.embedding
                if draw() < min(1.0, self.capability + 0.3 * self.model.levers["support"]) * skill:
                    practice.tuning += 0.12 * p.latitude * (self.setting - practice.tuning)
                    fidelity += 0.06 * (1.0 - fidelity)
                    self.capability += 0.004 * (1.0 - self.capability)
                elif draw() < haste:
                    fidelity *= 1.0 - 0.06 * practice.plan.complexity
                practice.fidelity = fidelity * (1.0 - drift * (1.0 - 0.5 * embedding))
                embedding = (embedding + growth * (1.0 - embedding)) * (1.0 - self.turnover / 12.0)
                practice.embedding = embedding
                practice.stage = EMBEDDED if embedding > 0.5 else IMPLEMENTING

    def review(self):
        """Each year from the start, compare the last result with the goal, and go on or give up."""
        for practice in self.practices:
            age = self.model.steps - practice.since
            if practice.stage >= IMPLEMENTING and age > 0 and age % 12 == 0:
                seen = practice.result + 0.25 * (1.0 - self.measurement) * self.random.gauss(0.0, 1.0)
                if seen < practice.goal:
                    if self.draw() < 1.0 - math.exp(-0.9 * (1.2 - self.leadership) * (practice.goal - seen)):
                        practice.discontinue(self.model.steps)
                    self.culture *= 1.0 - 0.06
                else:
                    self.culture += 0.03 * (1.0 - self.culture)

    def improve_locally(self):
        """Put the time left over into local improvement, which fades without vigilance."""
        self.staff_time = min(self.load, self.available)
        gain = 0.01 * self.capability * self.measurement * (self.available - self.staff_time)
        fade = 0.02 * (1.0 - self.measurement * self.leadership)
        self.local_improvement = (self.local_improvement + gain * (1.0 - self.local_improvement)) * (1.0 - fade)

    def measure(self):
        """Compute results and the event rate, and publish what peers can see next month."""
        event_rate = self.baseline * self.model.trend * (1.0 - self.local_improvement)
        for practice in self.practices:
            practice.shown = None
            if practice.stage >= IMPLEMENTING:
                plan, fidelity, tuning = practice.plan, practice.fidelity, practice.tuning
                power, pivot = fidelity**plan.steepness, plan.midpoint**plan.steepness
                practice.fit = math.exp(-(abs(tuning - self.setting) ** 2) / (2.0 * plan.breadth**2))
                lived = 1.0 - plan.social + plan.social * practice.embedding
                practice.result = power * (1.0 + pivot) / (power + pivot) * practice.fit * lived
                practice.shown = practice.result, fidelity, tuning, practice.generation
                event_rate *= 1.0 - plan.benefit * practice.result
        self.event_rate = event_rate


def systems_network(count, random, mean_degree=6.0, across=0.12):
    """Tie partnerships of about five fully, and regions loosely; `across` of all ties leave their region."""
    sizes = np.bincount(np.arange(count) * max(1, round(count / 5)) // count)
    region = np.arange(len(sizes)) * 7 // len(sizes)
    near, pairs, ties = region[:, None] == region, np.triu(np.outer(sizes, sizes), 1), count * mean_degree / 2
    loose = (1.0 - across) * ties - np.sum(sizes * (sizes - 1)) / 2
    chances = np.where(near, loose / max(1, pairs[near].sum()), across * ties / max(1, pairs[~near].sum()))
    np.fill_diagonal(chances, 1.0)
    graph = nx.stochastic_block_model(sizes.tolist(), chances.clip(0.0, 1.0), seed=random)
    nx.set_edge_attributes(graph, 1.0, "weight")
    return graph


def draw_factors(count, rng, correlation=0.25, concentration=6.0):
    """Draw beta factors that a Gaussian copula correlates, all but turnover."""
    common, own = rng.standard_normal((count, 1)), rng.standard_normal((count, 7))
    shared = np.sqrt([correlation] * 6 + [0.0])
    normals = shared * common + np.sqrt(1.0 - shared**2) * own
    return betaincinv(FACTOR_MEANS * concentration, (1.0 - FACTOR_MEANS) * concentration, ndtr(normals))


class IdiomaticModel(mesa.Model):
    """Improvements that spread over a network; a policy is (lever, strength, first, last, cost)."""

    def __init__(self, organisations=215, interventions=PROGRAMME, months=120, rng=None, seed=None,
                 policies=(), **parameters):  # fmt: skip
        """Draw a world from `rng` (or `seed`, its older name) and measure it before the first month."""
        rng = seed if rng is None else rng
        super().__init__(rng=int(rng) if isinstance(rng, np.integer) else rng)
        self.interventions = [interventions] if isinstance(interventions, Intervention) else interventions
        self.parameters, self.policies, self.months = Parameters(**parameters), policies, months
        self.exit_chance = 1.0 - math.exp(-self.parameters.leader_exit / 12.0)
        self.place_organisations(organisations)
        self.apply_policies()
        self.measure()
        reporters = {name: lambda model, name=name: model.measures[name] for name in self.measures}
        self.datacollector = mesa.DataCollector(model_reporters=reporters)
        self.datacollector.collect(self)

    def place_organisations(self, count):
        """Place the organisations on the network, and find the origin."""
        graph, rng = systems_network(count, self.random), self.rng
        layout = {"layout": None} if "layout" in inspect.signature(Network).parameters else {}
        self.network = Network(graph, capacity=1, random=self.random, **layout)
        systems, cells = list(nx.get_node_attributes(graph, "block").values()), list(self.network.all_cells)
        settings = rng.standard_normal(count) + 1j * rng.standard_normal(count)
        spread = np.log1p(np.array([0.5, 0.25]) ** 2)
        sizes, self.baselines = rng.lognormal(np.log([4200, 87]) - spread / 2, np.sqrt(spread), (count, 2)).T
        self.monthly = sizes / 120_000  # turns event rates, per 10,000 a year, into events a month
        factors = draw_factors(count, rng)
        self.first_leadership = factors[:, 0].tolist()
        columns = cells, systems, settings.tolist(), self.baselines.tolist(), factors.tolist()
        everyone = list(YardstickOrganisation.create_agents(self, count, *columns).do("meet_peers"))
        self.members = [[one for one in everyone if one.system == system] for system in sorted(set(systems))]
        self.origin = everyone[factors[:, :6].prod(axis=1).argmax()]
        self.practices = list(zip(*self.agents.get("practices"), strict=True))  # a row an intervention

    def apply_policies(self):
        """Add up the policies in force this month, and what they cost."""
        self.levers, self.programme_cost = {"support": 0.0, "time": 0.0, "push": 0.0}, 0.0
        for lever, strength, first, last, cost in self.policies:
            if first <= self.steps <= last:
                self.levers[lever] += strength
                self.programme_cost += cost * len(self.agents)
        self.levers["support"] = min(1.0, self.levers["support"])

    def step(self):
        """Live one month, stage by stage; visiting order cannot matter, as peers show last month's state."""
        self.apply_policies()
        self.agents.do("change_leader").do("hear")
        for practice in self.origin.practices:
            if practice.plan.launch == self.steps:
                practice.begin(self.steps, 1.0, self.origin.setting, 0.3 * self.parameters.ambition, 0)
        self.agents.do("decide").do("improve").do("review").do("improve_locally")
        self.measure()
        self.datacollector.collect(self)
        self.running = self.steps < self.months

    run = mesa.Model.run_model  # step after step, while running

    def measure(self):
        """Let each organisation measure its month, then collect the outcomes of all."""
        self.trend = math.exp(-0.05 * self.steps / 12.0)
        self.agents.do("measure")
        event_rate = np.array(self.agents.get("event_rate"))
        expected, count, ordered = event_rate * self.monthly, len(event_rate), np.sort(event_rate)
        self.measures = {
            "event_rate": expected.sum() / self.monthly.sum(),
            "events": int(self.rng.poisson(expected).sum()),
            "events_averted": (self.trend * self.baselines - event_rate) @ self.monthly,
            "event_rate_range": np.ptp(np.percentile(ordered, (10, 90))),
            "event_rate_gini": np.arange(1 - count, count, 2) @ ordered / (count * ordered.sum()),
            "staff_time": sum(self.agents.get("staff_time")),
            "programme_cost": self.programme_cost,
        }
        for index, plan in enumerate(self.interventions):
            for name, value in self.intervention_measures(index, plan.benefit, expected).items():
                self.measures[f"{plan.name}_{name}"] = value

    def intervention_measures(self, index, benefit, expected):
        """Return the measures of one intervention: adverse events averted by all, the rest without the origin."""
        origin, everyone = self.origin.practices[index], self.practices[index]
        others = [practice for practice in everyone if practice is not origin]
        users = [practice for practice in others if practice.stage >= IMPLEMENTING]
        begun = sum([practice.since >= 0 for practice in others])
        per_user = 1.0 / len(users) if users else math.nan
        averted = benefit * np.array([practice.result for practice in everyone])
        results = np.array([user.result for user in users])
        share = {bound: (results >= bound).sum() * per_user for bound in (1 / 3, 2 / 3, 0.8 * origin.result)}
        effect, pilot = results.sum() * per_user, origin.result or math.nan
        return {
            "awareness": sum([practice.stage != UNAWARE for practice in others]) / len(others),
            "ever_adopted": begun / len(others),
            "current_use": len(users) / len(others),
            "fidelity": sum([user.fidelity for user in users]) * per_user,
            "appropriateness": sum([user.fit for user in users]) * per_user,
            "embedding": sum([user.embedding for user in users]) * per_user,
            "sustainment": len(users) / begun if begun else math.nan,
            "discontinued": sum([practice.discontinued == self.steps for practice in others]),
            "effect": effect,
            "events_averted": expected @ (averted / (1.0 - averted)),
            "replication_ratio": effect / pilot,
            "share_at_80": share[0.8 * origin.result] if origin.result else math.nan,
            "transformed": share[2 / 3],
            "boosted": share[1 / 3] - share[2 / 3],
            "limited": 1.0 - share[1 / 3],
            "generation": sum([user.generation for user in users]) * per_user,
        }


if __name__ == "__main__":
    one_run = IdiomaticModel(rng=1)
    start = time.perf_counter()
    one_run.run()
    seconds = time.perf_counter() - start
    nanoseconds = seconds * 1e9 / (len(one_run.agents) * one_run.months)
    print(f"{seconds:.3f} s: {nanoseconds:,.0f} ns an organisation-month")
