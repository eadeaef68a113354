/**
 * A fleet that does nothing unusual, entry by entry, and what may befall one of its agents: costs with a curve of the day, quiet
 * weekends and noise that hangs together; runs with their own shares of trouble and their own durations.
 */
import type { LedgerEntry } from '#domain/ledger/ledger-entry.ts';
import { HOUR, modelAttempt, runBegun, runEnded } from './entries.ts';

export interface SimulatedFault {
  /** Whole hours since 1970. */
  readonly fromHour: number;
  readonly cost?: number;
  readonly latency?: number;
  readonly unfitting?: number;
}

export interface SimulatedFleetSettings {
  readonly agents: number;
  /** On average, by each agent. */
  readonly runsPerDay: number;
  readonly deviation: number;
  readonly correlation: number;
}

export const USUAL_FLEET: Omit<SimulatedFleetSettings, 'agents'> = {
  runsPerDay: 200,
  deviation: 0.3,
  correlation: 0.3,
};

interface SimulatedAgent {
  readonly name: string;
  readonly costScale: number;
  readonly durationMicroseconds: number;
  readonly unfitting: number;
  readonly refused: number;
  readonly failed: number;
  readonly toolErrors: number;
  noise: number;
  fault: SimulatedFault | undefined;
}

export class SimulatedFleet {
  readonly agents: readonly SimulatedAgent[];
  readonly #settings: SimulatedFleetSettings;
  readonly #draw: () => number;

  constructor(settings: SimulatedFleetSettings, draw: () => number) {
    this.#settings = settings;
    this.#draw = draw;
    this.agents = Array.from({ length: settings.agents }, (_, index) => ({
      name: `agent-${index}`,
      costScale: 5e9 * Math.exp(this.#normal()),
      durationMicroseconds: 2e6 * Math.exp(0.5 * this.#normal()),
      unfitting: 0.01 + 0.04 * draw(),
      refused: 0.02 * draw(),
      failed: 0.02 * draw(),
      toolErrors: 0.06 * draw(),
      noise: this.#normal(),
      fault: undefined,
    }));
  }

  /** All entries of one hour, in the order of time; `hour`: whole hours since 1970. */
  hour(hour: number): readonly LedgerEntry[] {
    const entries: LedgerEntry[] = [];
    for (const agent of this.agents) this.#hourOf(agent, hour, entries);
    return entries.toSorted((one, other) => one.receivedAtMicroseconds - other.receivedAtMicroseconds);
  }

  #hourOf(agent: SimulatedAgent, hour: number, entries: LedgerEntry[]): void {
    const { correlation, deviation, runsPerDay } = this.#settings;
    agent.noise = correlation * agent.noise + Math.sqrt(1 - correlation ** 2) * this.#normal();
    const curve = curveOf(hour);
    const fault = agent.fault !== undefined && hour >= agent.fault.fromHour ? agent.fault : undefined;
    const hourly = agent.costScale * curve * Math.exp(deviation * agent.noise) * (fault?.cost ?? 1);
    const slowness = Math.exp(0.1 * this.#normal()) * (fault?.latency ?? 1);
    // The money of an hour comes in four attempts, so that the running hour grows.
    for (let quarter = 0; quarter < 4; quarter += 1) {
      const at = (hour + (quarter + this.#draw()) / 4) * HOUR;
      const costNanoUsd = Math.round(hourly / 4);
      entries.push(modelAttempt({ agent: agent.name, at }, { costNanoUsd }));
    }
    const runs = this.#poisson((runsPerDay / 24) * curve);
    for (let run = 0; run < runs; run += 1) {
      const at = (hour + this.#draw()) * HOUR;
      entries.push(this.#run(agent, at, slowness, fault?.unfitting ?? agent.unfitting));
      if (run % 4 === 0) {
        entries.push(runBegun({ agent: agent.name, at }, Math.round(800 * Math.exp(this.#normal()))));
      }
    }
  }

  #run(agent: SimulatedAgent, at: number, slowness: number, unfitting: number): LedgerEntry {
    const isUnfitting = this.#draw() < unfitting;
    return runEnded(
      { agent: agent.name, at },
      {
        status: this.#draw() < agent.failed ? 'failed' : 'succeeded',
        steps: 1 + Math.floor(-Math.log(1 - this.#draw()) * 2),
        repairs: isUnfitting ? 1 : 0,
        firstAnswerFits: isUnfitting ? 'no' : 'yes',
        isRefusal: this.#draw() < agent.refused ? 'yes' : 'no',
        failedToolCalls: this.#draw() < agent.toolErrors ? 1 : 0,
        output: { characters: Math.round(400 * Math.exp(0.6 * this.#normal())) },
        durationMicroseconds: Math.round(
          agent.durationMicroseconds * slowness * Math.exp(0.5 * this.#normal()),
        ),
      },
    );
  }

  #poisson(mean: number): number {
    let count = 0;
    for (let left = -Math.log(1 - this.#draw()); left < mean; left -= Math.log(1 - this.#draw())) count += 1;
    return count;
  }

  #normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.#draw())) * Math.cos(2 * Math.PI * this.#draw());
  }
}

/** Of the day and of the week, about 1 on average. 1970 began on a Thursday. */
function curveOf(hour: number): number {
  const day = 1 + 0.8 * Math.sin((2 * Math.PI * ((hour % 24) - 8)) / 24);
  return day * ((hour + 72) % 168 >= 120 ? 0.4 : 1.2);
}
