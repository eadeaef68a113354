/**
 * The tables of the ledger in PostgreSQL, and how those of older versions become those of today: forward only, one step a
 * version. A step is never changed once it was released: a new one is added.
 *
 * `head` is one row. Writers take it before they read anything else, so that positions, places in trees and chains follow
 * each other without holes in the order of the commits, whoever writes. Text is compared by its bytes, as SQLite does.
 */
import type { Ask } from './connections.ts';
import { SCHEMA } from './connections.ts';

/** "CPTZ" as a number: processes that start at the same time upgrade one after another. */
const ADVISORY_LOCK = 0x43_50_54_5a;

const VERSION_1 = `
CREATE TABLE head (
  is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
  position bigint NOT NULL,
  schema_version integer NOT NULL
);
INSERT INTO head (position, schema_version) VALUES (0, 1);

CREATE TABLE trees (
  tree bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  namespace text COLLATE "C" NOT NULL UNIQUE,
  size bigint NOT NULL,
  root bytea NOT NULL
);

CREATE TABLE tiles (
  tree bigint NOT NULL,
  level smallint NOT NULL,
  tile bigint NOT NULL,
  hashes bytea NOT NULL,
  PRIMARY KEY (tree, level, tile)
);
-- Hashes do not get smaller.
ALTER TABLE tiles ALTER COLUMN hashes SET STORAGE EXTERNAL;

-- canonical is NULL once it was pruned.
CREATE TABLE entries (
  position bigint PRIMARY KEY,
  tree bigint NOT NULL,
  tree_index bigint NOT NULL,
  record_id text COLLATE "C" NOT NULL,
  content_digest bytea NOT NULL,
  type text COLLATE "C" NOT NULL,
  run_id text COLLATE "C",
  agent text COLLATE "C",
  received_at bigint NOT NULL,
  canonical text COLLATE "C"
);
CREATE UNIQUE INDEX entries_by_index ON entries (tree, tree_index);
CREATE UNIQUE INDEX entries_by_record ON entries (record_id, tree);
CREATE INDEX entries_by_run ON entries (run_id, position) WHERE run_id IS NOT NULL;
CREATE INDEX entries_by_type ON entries (type, position);
CREATE INDEX entries_by_age ON entries (received_at, position) WHERE canonical IS NOT NULL;

CREATE TABLE runs (
  run_id text COLLATE "C" NOT NULL,
  namespace text COLLATE "C" NOT NULL,
  agent text COLLATE "C" NOT NULL,
  status text COLLATE "C" NOT NULL,
  began_at bigint NOT NULL,
  prompt_digest text COLLATE "C" NOT NULL,
  models text[] NOT NULL,
  state text COLLATE "C" NOT NULL,
  PRIMARY KEY (run_id, namespace)
) WITH (fillfactor = 80);
CREATE INDEX runs_by_time ON runs (began_at, run_id, namespace);
CREATE INDEX runs_by_namespace ON runs (namespace, began_at, run_id);
CREATE INDEX runs_by_agent ON runs (namespace, agent, began_at, run_id);

-- period: seconds of an hour or a day; begins_at: seconds since 1970.
CREATE TABLE cost_sums (
  period integer NOT NULL,
  begins_at bigint NOT NULL,
  namespace text COLLATE "C" NOT NULL,
  agent text COLLATE "C" NOT NULL,
  model text COLLATE "C" NOT NULL,
  prompt_digest text COLLATE "C" NOT NULL,
  attempts bigint NOT NULL,
  failed_attempts bigint NOT NULL,
  input_tokens bigint NOT NULL,
  cached_input_tokens bigint NOT NULL,
  cache_write_tokens bigint NOT NULL,
  output_tokens bigint NOT NULL,
  cost_nano_usd bigint NOT NULL,
  attempts_of_unknown_cost bigint NOT NULL,
  PRIMARY KEY (period, begins_at, namespace, agent, model, prompt_digest)
) WITH (fillfactor = 80);

CREATE TABLE outcome_sums (
  period integer NOT NULL,
  begins_at bigint NOT NULL,
  namespace text COLLATE "C" NOT NULL,
  agent text COLLATE "C" NOT NULL,
  prompt_digest text COLLATE "C" NOT NULL,
  arm text COLLATE "C" NOT NULL,
  metric text COLLATE "C" NOT NULL,
  succeeded bigint NOT NULL,
  stopped bigint NOT NULL,
  failed bigint NOT NULL,
  good bigint NOT NULL,
  bad bigint NOT NULL,
  neutral bigint NOT NULL,
  duration_microseconds bigint NOT NULL,
  cost_nano_usd bigint NOT NULL,
  PRIMARY KEY (period, begins_at, namespace, agent, prompt_digest, arm, metric)
) WITH (fillfactor = 80);

-- name: SHA-256 of all that tells a source from others, which together may be too long for an index.
CREATE TABLE sources (
  source bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name bytea NOT NULL UNIQUE,
  boot text COLLATE "C" NOT NULL,
  instance text COLLATE "C" NOT NULL,
  process text COLLATE "C" NOT NULL,
  reporter text COLLATE "C" NOT NULL,
  highest bigint NOT NULL
) WITH (fillfactor = 80);
CREATE TABLE source_gaps (
  source bigint NOT NULL,
  first_missing bigint NOT NULL,
  last_missing bigint NOT NULL,
  seen_at bigint NOT NULL,
  PRIMARY KEY (source, first_missing)
);
CREATE INDEX source_gaps_by_time ON source_gaps (seen_at, source, first_missing);

CREATE TABLE texts (
  position bigint NOT NULL,
  field text COLLATE "C" NOT NULL,
  key_id text COLLATE "C" NOT NULL,
  expires_at bigint NOT NULL,
  bytes bytea NOT NULL,
  PRIMARY KEY (position, field)
);
-- Nor do encrypted texts.
ALTER TABLE texts ALTER COLUMN bytes SET STORAGE EXTERNAL;
CREATE INDEX texts_by_expiry ON texts (expires_at);

CREATE TABLE documents (key text COLLATE "C" PRIMARY KEY, value text COLLATE "C" NOT NULL);
`;

/**
 * What says something to the judge of a canary, beside its entry: position, rollout and agent lead to it at once. Entries of
 * before have none.
 */
const VERSION_2 = `
CREATE TABLE judged_outcomes (
  position bigint PRIMARY KEY,
  tree bigint NOT NULL,
  rollout text COLLATE "C" NOT NULL,
  digest text COLLATE "C" NOT NULL,
  arm text COLLATE "C" NOT NULL,
  agent_uid text COLLATE "C" NOT NULL,
  run_id text COLLATE "C" NOT NULL,
  session text COLLATE "C",
  kind text COLLATE "C" NOT NULL,
  word text COLLATE "C" NOT NULL,
  is_good smallint,
  is_schema_valid smallint,
  have_tools_succeeded smallint,
  is_refusal smallint,
  cost_nano_usd bigint,
  duration_microseconds bigint
);
CREATE INDEX judged_outcomes_by_rollout ON judged_outcomes (tree, rollout, position);
CREATE INDEX judged_outcomes_by_agent ON judged_outcomes (tree, rollout, digest, agent_uid, position);
`;

/** Step N leads from version N to N + 1. */
export const SCHEMA_STEPS: readonly string[] = [VERSION_1, VERSION_2];

/** Brings the tables to the newest version, or leaves all as it was and throws. Within a transaction of its own. */
export async function upgradeSchema(ask: Ask, steps = SCHEMA_STEPS): Promise<void> {
  await ask('', 'SELECT pg_advisory_xact_lock($1)', [ADVISORY_LOCK]);
  const version = await readVersion(ask);
  if (version > steps.length) {
    throw new Error(
      `The ledger in this database has the schema version ${version}, and this Capataz knows versions up to ${steps.length}: run the newer Capataz that wrote it, or restore a backup from before the upgrade.`,
    );
  }
  if (version === steps.length) return;
  await ask('', `CREATE SCHEMA IF NOT EXISTS ${SCHEMA}`);
  for (const step of steps.slice(version)) {
    for (const statement of statementsOf(step)) await ask('', statement);
  }
  await ask('', 'UPDATE head SET schema_version = $1', [steps.length]);
}

async function readVersion(ask: Ask): Promise<number> {
  const [tables] = await ask<{ exists: boolean }>('', 'SELECT to_regclass($1) IS NOT NULL AS exists', [
    `${SCHEMA}.head`,
  ]);
  if (tables?.exists !== true) return 0;
  const [head] = await ask<{ version: number }>('', 'SELECT schema_version AS version FROM head');
  return head?.version ?? 0;
}

/** One at a time: a prepared statement is one. No statement above holds a semicolon of its own. */
function statementsOf(step: string): readonly string[] {
  return step.split(/;\s*\n/).filter((statement) => statement.trim() !== '');
}
