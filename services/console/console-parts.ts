/** What the routes of the console work with. */
import type { ResilientInformer } from '#adapters/kubernetes/resilient-informer.ts';
import type { TokenReviewer, UserIdentity } from '#adapters/kubernetes/token-reviewer.ts';
import type { AgentHistory } from '#domain/observation/agent-history.ts';
import type { Drain } from '#process/drain.ts';
import type { Logger } from '#telemetry/logger.ts';
import type { ConsoleMetrics } from './console-metrics.ts';
import type { ConsoleRecords } from './ledger/console-records.ts';
import type { StatisticsOfModels } from './ledger/model-statistics.ts';
import type { PeopleLedger } from './ledger/people-ledger.ts';
import type { LogKeysSeen } from './ledger/verify-record.ts';
import type { AgentObject } from './objects/agent-objects.ts';
import type { ModelObject } from './objects/model-objects.ts';
import type { RolloutObject } from './objects/rollout-objects.ts';
import type { Fleet } from './observed/fleet.ts';
import type { ObservedFleet } from './observed/observed-fleet.ts';
import type { PeopleRights } from './rights/people-rights.ts';
import type { CommandParts } from './rollouts/command-rollout.ts';
import type { EndedSessions } from './sessions/ended-sessions.ts';
import type { HeaderDoor } from './sessions/header-door.ts';
import type { LoginLimit } from './sessions/login-limit.ts';
import type { OpenidDoor } from './sessions/openid-door.ts';
import type { SessionCookies } from './sessions/session-cookies.ts';
import type { ChangeLog } from './stream/change-log.ts';

export interface ConsoleParts {
  readonly logger: Logger;
  readonly drain: Drain;
  readonly metrics: ConsoleMetrics;
  readonly pagePath: string;
  readonly settings: {
    readonly consoleOrigin: string | undefined;
    readonly sessionSeconds: number;
    readonly trustedProxies: readonly string[];
    readonly tokenCommand: string;
    readonly mostStreams: number;
    /** Where records stand that are of no agent's namespace. */
    readonly namespace: string;
  };
  readonly cookies: SessionCookies;
  readonly ended: EndedSessions;
  readonly loginLimit: LoginLimit;
  readonly tokenDoor: TokenReviewer<UserIdentity> | undefined;
  readonly openidDoor: OpenidDoor | undefined;
  readonly headerDoor: HeaderDoor | undefined;
  readonly rights: PeopleRights;
  /** Those that have anything of ours. */
  readonly namespaces: () => ReadonlySet<string>;
  readonly observed: ObservedFleet;
  readonly fleet: Fleet;
  /** Undefined: the observer knows no such agent, or there is none. Rejects when it does not answer. */
  readonly agentHistory: (namespace: string, name: string) => Promise<AgentHistory | undefined>;
  readonly agents: Pick<ResilientInformer<AgentObject>, 'get'>;
  readonly rollouts: Pick<ResilientInformer<RolloutObject>, 'get' | 'list'>;
  readonly models: Pick<ResilientInformer<ModelObject>, 'list'>;
  readonly ledger: PeopleLedger;
  readonly records: Pick<ConsoleRecords, 'tell'>;
  readonly logKeys: LogKeysSeen;
  readonly modelStatistics: StatisticsOfModels;
  readonly commands: CommandParts;
  readonly changes: ChangeLog;
  /** Since 1970. */
  readonly nowSeconds: () => number;
  readonly nowMilliseconds: () => number;
  readonly newId: () => string;
  /** Unguessable. */
  readonly newSecret: () => string;
}
