/**
 * One pass over one object of any kind: observe, decide, apply.
 *
 * What became of the children is an observation like any other: when a write changed them or was refused, the kind
 * decides again with that, and the status of the second decision is the one that is written.
 */
import { KubeApiError } from '#adapters/kubernetes/kube-api-error.ts';
import type { KubeClient } from '#adapters/kubernetes/kube-client.ts';
import type { ObjectWriter } from '#adapters/kubernetes/object-writer.ts';
import type { KindObject, KindStatus } from '#crds/kind-definition.ts';
import { createChildApplier } from './child-applier.ts';
import { type ChildKeeper, NO_CHILD_KEEPER, areSameChildren, createChildKeeper } from './child-keeper.ts';
import { NO_CHILDREN, type ObservedChildren } from './decision.ts';
import type { EventRecorder } from './event-recorder.ts';
import { FIELD_MANAGER } from './field-manager.ts';
import type { Kind, KindContext } from './kind-module.ts';
import { unreadableStatus } from './kind-status.ts';
import type { TellLedger } from './ledger-teller.ts';
import { AWAIT_CHANGE, type Outcome, recheckAfter } from './outcome.ts';
import { readinessNews, readinessOf } from './readiness-news.ts';
import { writeStatus } from './status-writer.ts';

/** For what no watch will tell: a taken name that became free, a quota that was raised. */
const PROBLEM_RECHECK_SECONDS = 30;

export interface ReconcilerContext {
  readonly kubeClient: Pick<KubeClient, 'request'>;
  readonly writer: ObjectWriter;
  readonly events: EventRecorder;
  readonly tellLedger: TellLedger;
  readonly now: () => Date;
}

export interface Reconciler {
  readonly reconcile: (key: string, signal: AbortSignal) => Promise<Outcome>;
}

/** What this process knows of an object beside the cluster. Losing it costs a needless look, nothing else. */
interface Memory {
  readonly uid: string;
  children: ObservedChildren;
  toldReadiness: string | undefined;
}

export function createReconciler<Spec, Status extends KindStatus, Observed, Config>(
  kind: Kind<Spec, Status, Observed, Config>,
  context: KindContext<Config> & ReconcilerContext,
): Reconciler {
  const { view, writer, events, now } = context;
  const objects = view.of(kind.objects);
  const observer = kind.connect(context);
  const keeper = keeperOf(kind, context);
  const memories = new Map<string, Memory>();

  async function reconcile(key: string, signal: AbortSignal): Promise<Outcome> {
    const read = objects.get(key);
    if (read === undefined) {
      memories.delete(key);
      observer.forget?.(key);
      return AWAIT_CHANGE;
    }
    // An object that is being deleted takes its children along by their owner references.
    if (read.metadata.deletionTimestamp !== undefined) return AWAIT_CHANGE;
    if (!read.content.ok) {
      await tellUnreadable(read.content.object, read.content.problem);
      return AWAIT_CHANGE;
    }
    const { object } = read.content;
    const memory = memoryOf(key, object.metadata.uid, readinessOf(object.status));

    const before = keeper.observe(object, memory.children);
    const observed = await observer.observe(object, before, signal);
    const at = now();
    const first = kind.decide(observed, at, before);
    const after = await keeper.keep(object, first, before);
    memory.children = after;
    const decision = areSameChildren(before, after) ? first : kind.decide(observed, at, after);

    if (decision.records !== undefined) await context.tellLedger(decision.records, signal);
    if (await writeStatus(writer, kind.objects, object, decision.status)) {
      for (const event of decision.events ?? []) events.record(kind.objects, object.metadata, event);
    }
    const news = readinessNews(object, decision.status, memory.toldReadiness, at);
    memory.toldReadiness = news.told;
    if (news.event !== undefined) events.record(kind.objects, object.metadata, news.event);
    return soonest(
      decision.recheckSeconds,
      news.recheckSeconds,
      after.problems.length > 0 ? PROBLEM_RECHECK_SECONDS : undefined,
    );
  }

  async function tellUnreadable(object: KindObject<unknown, Status>, problem: string): Promise<void> {
    const status = unreadableStatus(object, problem, now());
    const note = status.conditions?.find(({ type }) => type === 'Ready')?.message ?? problem;
    events.record(kind.objects, object.metadata, { type: 'Warning', reason: 'SpecUnreadable', note });
    try {
      await writeStatus<KindStatus>(writer, kind.objects, object, status);
    } catch (error) {
      // The API server may find invalid what it stored itself under another definition; then the event has to do.
      if (!(error instanceof KubeApiError && error.status === 422)) throw error;
    }
  }

  function memoryOf(key: string, uid: string, toldReadiness: string | undefined): Memory {
    const known = memories.get(key);
    if (known?.uid === uid) return known;
    const memory = { uid, children: NO_CHILDREN, toldReadiness };
    memories.set(key, memory);
    return memory;
  }

  return { reconcile };
}

function keeperOf<Spec, Status extends KindStatus, Observed, Config>(
  { children, objects }: Kind<Spec, Status, Observed, Config>,
  { view, kubeClient, writer, events }: KindContext<Config> & ReconcilerContext,
): ChildKeeper {
  if (children === undefined) return NO_CHILD_KEEPER;
  const { tolerance } = children;
  return createChildKeeper({
    children,
    view,
    writer,
    applier: createChildApplier({ kubeClient, writer, fieldManager: FIELD_MANAGER, tolerance }),
    tell: (owner, event) => events.record(objects, owner.metadata, event),
  });
}

function soonest(...seconds: readonly (number | undefined)[]): Outcome {
  const known = seconds.filter((one) => one !== undefined);
  return known.length === 0 ? AWAIT_CHANGE : recheckAfter(Math.min(...known));
}
