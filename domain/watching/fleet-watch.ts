/**
 * The watch of a whole fleet: sees the entries of the ledger one by one and says at any time what is normal. All state comes of
 * entries, in the order in which the ledger gives them; the clock is the time at which the ledger received them. So a replay from
 * zero, and a snapshot with the entries after it, come to the same state, and `judge` changes nothing.
 */
import type { AgentHistory } from '../observation/agent-history.ts';
import { PROBE_JUDGE } from '../ledger/probe-outcome.ts';
import type { LedgerEntry } from '../ledger/ledger-entry.ts';
import { LocalHours } from '../normality/local-hours.ts';
import { AlarmDesigns } from './alarm-designs.ts';
import { agentHistory } from './agent-history.ts';
import type { FleetJudgement, WatchOfFleet } from './fleet-judgement.ts';
import type { FleetKnowledge, WatchSettings } from './fleet-knowledge.ts';
import { type FleetSnapshot, readSnapshot } from './fleet-snapshot.ts';
import { judgeFleet } from './judge-fleet.ts';
import { PlatformWatch } from './platform-watch.ts';
import { SecurityWatch } from './security-watch.ts';
import { HOUR_MICROSECONDS } from './time-units.ts';
import { type Moment, WatchedAgent } from './watched-agent.ts';
import { WatchedModel } from './watched-model.ts';

export const MOST_AGENTS = 10_000;
export const MOST_MODELS_OF_FLEET = 2_000;
/** Spools tell within seconds; an hour is closed when there was time for that. */
const GRACE_MICROSECONDS = 120_000_000;
/** Whoever said nothing for five weeks has no history any more. */
const FORGOTTEN_AFTER_MICROSECONDS = 840 * HOUR_MICROSECONDS;

/** All that is known when it is judged; nothing in it is changed. */
export interface FleetState {
  readonly settings: WatchSettings;
  readonly local: LocalHours;
  readonly agents: ReadonlyMap<string, WatchedAgent>;
  readonly models: ReadonlyMap<string, WatchedModel>;
  readonly security: SecurityWatch;
  readonly platform: PlatformWatch;
  readonly designs: AlarmDesigns;
}

export class FleetWatch implements WatchOfFleet {
  readonly #settings: WatchSettings;
  readonly #local: LocalHours;
  readonly #agents = new Map<string, WatchedAgent>();
  readonly #models = new Map<string, WatchedModel>();
  readonly #security: SecurityWatch;
  readonly #platform: PlatformWatch;
  readonly #designs: AlarmDesigns;
  #clock: number;
  #sweptHour: number;

  /** Throws a RangeError for a time zone that is not known. */
  constructor(settings: WatchSettings, stored?: FleetSnapshot) {
    this.#settings = settings;
    this.#local = new LocalHours(settings.timeZone);
    this.#designs = new AlarmDesigns(settings.falseAlarmsPerWeek, stored?.designs);
    this.#security = new SecurityWatch(stored?.security.sources, stored?.security.agents);
    this.#platform = new PlatformWatch(stored?.platform);
    this.#clock = stored?.clock ?? 0;
    this.#sweptHour = stored?.sweptHour ?? 0;
    for (const agent of stored?.agents ?? []) {
      this.#agents.set(keyOf(agent), new WatchedAgent(this.#local, agent));
    }
    for (const model of stored?.models ?? []) {
      this.#models.set(keyOf(model), new WatchedModel(this.#local, model));
    }
  }

  /**
   * Throws a sentence when the text is no snapshot of this version, or was taken under another time zone: then everything is
   * to be replayed.
   */
  static fromSnapshot(text: string, settings: WatchSettings): FleetWatch {
    return new FleetWatch(settings, readSnapshot(text, settings));
  }

  see(entry: LedgerEntry): void {
    const { record } = entry;
    this.#clock = Math.max(this.#clock, entry.receivedAtMicroseconds);
    this.#designs.moveTo(this.#clock);
    this.#sweepHourly();
    const atMicroseconds = Math.min(record.atMicroseconds, this.#clock);
    const moment = { atMicroseconds, hour: Math.floor(atMicroseconds / HOUR_MICROSECONDS) };
    if (record.type === 'security_event') this.#security.see(record, atMicroseconds, entry.trust);
    // What somebody tells of himself is neither billed nor judged.
    else if (entry.trust === 'witnessed') this.#seeWitnessed(record, moment);
  }

  judge(nowMicroseconds: number, knowledge: FleetKnowledge): FleetJudgement {
    return judgeFleet(this.#state, nowMicroseconds, knowledge);
  }

  historyOf(
    namespace: string,
    name: string,
    nowMicroseconds: number,
    knowledge: FleetKnowledge,
  ): AgentHistory | null {
    const agent = this.#agents.get(`${namespace}/${name}`);
    return agent === undefined ? null : agentHistory(this.#state, agent, nowMicroseconds, knowledge);
  }

  toSnapshot(): string {
    const snapshot: FleetSnapshot = {
      version: 1,
      timeZone: this.#settings.timeZone,
      clock: this.#clock,
      sweptHour: this.#sweptHour,
      designs: this.#designs.toSnapshot(),
      agents: Array.from(this.#agents.values(), (agent) => agent.toSnapshot()),
      models: Array.from(this.#models.values(), (model) => model.toSnapshot()),
      security: structuredClone(this.#security.toSnapshot()) as FleetSnapshot['security'],
      platform: this.#platform.toSnapshot(),
    };
    return JSON.stringify(snapshot);
  }

  get #state(): FleetState {
    return {
      settings: this.#settings,
      local: this.#local,
      agents: this.#agents,
      models: this.#models,
      security: this.#security,
      platform: this.#platform,
      designs: this.#designs,
    };
  }

  #seeWitnessed(record: LedgerEntry['record'], moment: Moment): void {
    if (record.type === 'rollout_decision') this.#platform.seeDecision(record, moment.atMicroseconds);
    else if (record.type === 'gap') this.#platform.seeGap(record, moment.atMicroseconds);
    else if (record.type === 'silence') this.#platform.seeSilence(record, moment.atMicroseconds);
    else this.#designs.looked(this.#seeOfAgent(record, moment));
  }

  /** Returns how many looks were taken at signals. */
  #seeOfAgent(record: LedgerEntry['record'], moment: Moment): number {
    const { design } = this.#designs;
    const agentOf = (name: string): WatchedAgent => this.#agent(record.namespace, name);
    // What no user asked for says nothing of what users get, but that it costs and which model answers.
    const isProduction = !('run' in record) || record.run?.purpose === undefined;
    if (record.type === 'model_attempt') {
      this.#model(record.namespace, record.model).see(record, moment, design);
      const agent = agentOf(record.agent.name);
      if (isProduction) return agent.seeAttempt(record, moment, design);
      agent.seeCharge(record, moment);
      return 0;
    }
    if (record.type === 'probe_round') {
      agentOf(record.agent.name).probes.seeRound(record, moment.atMicroseconds);
      return 0;
    }
    const isOfProbe = record.type === 'outcome' && record.judge === PROBE_JUDGE;
    return isProduction || isOfProbe ? this.#seeRun(record, moment) : 0;
  }

  #seeRun(record: LedgerEntry['record'], moment: Moment): number {
    const { design } = this.#designs;
    const agentOf = (name: string): WatchedAgent => this.#agent(record.namespace, name);
    if (record.type === 'run_begun') return agentOf(record.agent.name).seeRunBegun(record, moment, design);
    if (record.type === 'run_ended') return agentOf(record.agent.name).seeRunEnded(record, moment, design);
    const isVerdict = record.type === 'outcome' || record.type === 'feedback';
    if (!isVerdict || record.agent === undefined) return 0;
    return agentOf(record.agent.name).seeVerdict(record, moment, design);
  }

  #agent(namespace: string, name: string): WatchedAgent {
    const key = `${namespace}/${name}`;
    const hour = this.#openHour;
    let agent = this.#agents.get(key);
    if (agent === undefined) {
      if (this.#agents.size >= MOST_AGENTS) makeRoom(this.#agents);
      const of = { namespace, name, hour, phase: phaseOf(key) };
      agent = new WatchedAgent(this.#local, WatchedAgent.unseen(this.#local, of));
      this.#agents.set(key, agent);
    }
    agent.moveTo(hour);
    agent.lastSeenMicroseconds = this.#clock;
    return agent;
  }

  #model(namespace: string, name: string): WatchedModel {
    const key = `${namespace}/${name}`;
    const hour = this.#openHour;
    let model = this.#models.get(key);
    if (model === undefined) {
      if (this.#models.size >= MOST_MODELS_OF_FLEET) makeRoom(this.#models);
      const of = { namespace, name, hour, phase: phaseOf(key) };
      model = new WatchedModel(this.#local, WatchedModel.unseen(of));
      this.#models.set(key, model);
    }
    model.moveTo(hour);
    model.lastSeenMicroseconds = this.#clock;
    return model;
  }

  /** The first hour that is not closed. */
  get #openHour(): number {
    return Math.floor((this.#clock - GRACE_MICROSECONDS) / HOUR_MICROSECONDS);
  }

  #sweepHourly(): void {
    const hour = this.#openHour;
    if (hour <= this.#sweptHour) return;
    this.#sweptHour = hour;
    const oldest = this.#clock - FORGOTTEN_AFTER_MICROSECONDS;
    for (const [key, { lastSeenMicroseconds }] of this.#agents) {
      if (lastSeenMicroseconds < oldest) this.#agents.delete(key);
    }
    for (const [key, { lastSeenMicroseconds }] of this.#models) {
      if (lastSeenMicroseconds < oldest) this.#models.delete(key);
    }
    this.#security.sweep(this.#clock);
    this.#platform.sweep(this.#clock);
  }
}

function keyOf({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return `${namespace}/${name}`;
}

/** The tenth that was silent for the longest time goes: not one by one, or each newcomer would look at all. */
function makeRoom(kept: Map<string, { readonly lastSeenMicroseconds: number }>): void {
  const oldestFirst = [...kept].toSorted(
    ([, one], [, other]) => one.lastSeenMicroseconds - other.lastSeenMicroseconds,
  );
  for (const [key] of oldestFirst.slice(0, Math.ceil(kept.size / 10))) kept.delete(key);
}

/** Spreads what is worked out once a day over the hours of the day. */
function phaseOf(key: string): number {
  let hash = 0;
  for (let at = 0; at < key.length; at += 1) hash = (hash * 31 + key.charCodeAt(at)) % 1_000_003;
  return hash % 24;
}
