/**
 * The tables of the ledger, and how those of older versions become those of today: forward only, one step a version, each
 * in one transaction with its number. A step is never changed once it was released: a new one is added.
 */
import type { DatabaseSync } from 'node:sqlite';
import { inTransaction } from './transaction.ts';

/** "CPTZ": says that a database file is a ledger of ours. */
export const APPLICATION_ID = 0x43_50_54_5a;

const VERSION_1 = `
CREATE TABLE settings (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO settings VALUES ('writer_epoch', 0);

CREATE TABLE trees (
  tree INTEGER PRIMARY KEY,
  namespace TEXT NOT NULL UNIQUE,
  size INTEGER NOT NULL
) STRICT;

CREATE TABLE tiles (
  tree INTEGER NOT NULL,
  level INTEGER NOT NULL,
  tile INTEGER NOT NULL,
  hashes BLOB NOT NULL,
  UNIQUE (tree, level, tile)
) STRICT;

-- canonical is NULL once it was pruned.
CREATE TABLE entries (
  position INTEGER PRIMARY KEY,
  tree INTEGER NOT NULL,
  tree_index INTEGER NOT NULL,
  record_id TEXT NOT NULL,
  content_digest BLOB NOT NULL,
  type TEXT NOT NULL,
  run_id TEXT,
  agent TEXT,
  received_at INTEGER NOT NULL,
  canonical TEXT,
  UNIQUE (record_id, tree)
) STRICT;
CREATE UNIQUE INDEX entries_by_index ON entries (tree, tree_index);
CREATE INDEX entries_by_run ON entries (run_id, position) WHERE run_id IS NOT NULL;
CREATE INDEX entries_by_type ON entries (type, position);
CREATE INDEX entries_by_age ON entries (received_at) WHERE canonical IS NOT NULL;

CREATE TABLE runs (
  run INTEGER PRIMARY KEY,
  run_id TEXT NOT NULL,
  namespace TEXT NOT NULL,
  agent TEXT NOT NULL,
  status TEXT NOT NULL,
  began_at INTEGER NOT NULL,
  prompt_digest TEXT NOT NULL,
  state TEXT NOT NULL,
  UNIQUE (run_id, namespace)
) STRICT;
CREATE INDEX runs_by_time ON runs (began_at, run_id, namespace);
CREATE INDEX runs_by_namespace ON runs (namespace, began_at, run_id);
CREATE INDEX runs_by_agent ON runs (namespace, agent, began_at, run_id);

-- period: seconds of an hour or a day; begins_at: seconds since 1970.
CREATE TABLE cost_sums (
  period INTEGER NOT NULL,
  begins_at INTEGER NOT NULL,
  namespace TEXT NOT NULL,
  agent TEXT NOT NULL,
  model TEXT NOT NULL,
  prompt_digest TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  failed_attempts INTEGER NOT NULL,
  input_tokens INTEGER NOT NULL,
  cached_input_tokens INTEGER NOT NULL,
  cache_write_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  cost_nano_usd INTEGER NOT NULL,
  attempts_of_unknown_cost INTEGER NOT NULL,
  PRIMARY KEY (period, begins_at, namespace, agent, model, prompt_digest)
) STRICT, WITHOUT ROWID;

-- The same without agents and prompts: long times by hour would else be a row an agent and hour.
CREATE TABLE cost_totals (
  period INTEGER NOT NULL,
  begins_at INTEGER NOT NULL,
  namespace TEXT NOT NULL,
  model TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  failed_attempts INTEGER NOT NULL,
  input_tokens INTEGER NOT NULL,
  cached_input_tokens INTEGER NOT NULL,
  cache_write_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  cost_nano_usd INTEGER NOT NULL,
  attempts_of_unknown_cost INTEGER NOT NULL,
  PRIMARY KEY (period, begins_at, namespace, model)
) STRICT, WITHOUT ROWID;

CREATE TABLE outcome_sums (
  period INTEGER NOT NULL,
  begins_at INTEGER NOT NULL,
  namespace TEXT NOT NULL,
  agent TEXT NOT NULL,
  prompt_digest TEXT NOT NULL,
  arm TEXT NOT NULL,
  metric TEXT NOT NULL,
  succeeded INTEGER NOT NULL,
  stopped INTEGER NOT NULL,
  failed INTEGER NOT NULL,
  good INTEGER NOT NULL,
  bad INTEGER NOT NULL,
  neutral INTEGER NOT NULL,
  duration_microseconds INTEGER NOT NULL,
  cost_nano_usd INTEGER NOT NULL,
  PRIMARY KEY (period, begins_at, namespace, agent, prompt_digest, arm, metric)
) STRICT, WITHOUT ROWID;

CREATE TABLE sources (
  source INTEGER PRIMARY KEY,
  boot TEXT NOT NULL,
  instance TEXT NOT NULL,
  process TEXT NOT NULL,
  reporter TEXT NOT NULL,
  highest INTEGER NOT NULL,
  UNIQUE (boot, instance, process, reporter)
) STRICT;
CREATE TABLE source_gaps (
  source INTEGER NOT NULL,
  first_missing INTEGER NOT NULL,
  last_missing INTEGER NOT NULL,
  seen_at INTEGER NOT NULL,
  PRIMARY KEY (source, first_missing)
) STRICT, WITHOUT ROWID;
CREATE INDEX source_gaps_by_time ON source_gaps (seen_at);

CREATE TABLE texts (
  position INTEGER NOT NULL,
  field TEXT NOT NULL,
  key_id TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  bytes BLOB NOT NULL,
  UNIQUE (position, field)
) STRICT;
CREATE INDEX texts_by_expiry ON texts (expires_at);

CREATE TABLE documents (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
`;

/**
 * What is erased stands on pages of its own. SQLite overwrites a cell that is deleted and a page that is freed (secure_delete), but
 * where rows move to make pages fuller or emptier it leaves the copy that they moved from. Of a row WITHOUT ROWID at most
 * 1,002 bytes stand among others (pages of 4,096 bytes); what comes after the guard is on overflow pages, which never move
 * and are overwritten when they are freed.
 */
const VERSION_2 = `
CREATE TABLE guarded_texts (
  position INTEGER NOT NULL,
  field TEXT NOT NULL,
  key_id TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  guard BLOB NOT NULL DEFAULT (zeroblob(1002)),
  bytes BLOB NOT NULL,
  PRIMARY KEY (position, field)
) STRICT, WITHOUT ROWID;
INSERT INTO guarded_texts (position, field, key_id, expires_at, bytes)
  SELECT position, field, key_id, expires_at, bytes FROM texts ORDER BY position, field;
DROP TABLE texts;
ALTER TABLE guarded_texts RENAME TO texts;
CREATE INDEX texts_by_expiry ON texts (expires_at);

-- Among them the wrapped keys of texts.
CREATE TABLE guarded_documents (
  key TEXT PRIMARY KEY,
  guard BLOB NOT NULL DEFAULT (zeroblob(1002)),
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO guarded_documents (key, value) SELECT key, value FROM documents ORDER BY key;
DROP TABLE documents;
ALTER TABLE guarded_documents RENAME TO documents;
`;

/**
 * What says something to the judge of a canary, beside its entry: position, rollout and agent lead to it at once. Entries of
 * before have none.
 */
const VERSION_3 = `
CREATE TABLE judged_outcomes (
  position INTEGER PRIMARY KEY,
  tree INTEGER NOT NULL,
  rollout TEXT NOT NULL,
  digest TEXT NOT NULL,
  arm TEXT NOT NULL,
  agent_uid TEXT NOT NULL,
  run_id TEXT NOT NULL,
  session TEXT,
  kind TEXT NOT NULL,
  word TEXT NOT NULL,
  is_good INTEGER,
  is_schema_valid INTEGER,
  have_tools_succeeded INTEGER,
  is_refusal INTEGER,
  cost_nano_usd INTEGER,
  duration_microseconds INTEGER
) STRICT;
CREATE INDEX judged_outcomes_by_rollout ON judged_outcomes (tree, rollout, position);
CREATE INDEX judged_outcomes_by_agent ON judged_outcomes (tree, rollout, digest, agent_uid, position);
`;

/** Step N leads from version N to N + 1. */
export const SCHEMA_STEPS: readonly string[] = [VERSION_1, VERSION_2, VERSION_3];

/**
 * The schema version of a file; 0 for an empty one. Throws for a file that is not a ledger, and for one that a newer
 * Capataz has written; both stay as they are.
 */
export function inspectSchema(database: DatabaseSync, path: string, steps = SCHEMA_STEPS): number {
  const version = readPragma(database, 'user_version');
  const applicationId = readPragma(database, 'application_id');
  const { tables } = database.prepare('SELECT count(*) AS tables FROM sqlite_schema').get() as {
    tables: number;
  };
  if (applicationId !== APPLICATION_ID && (applicationId !== 0 || tables > 0)) {
    throw new Error(
      `${path} is a SQLite database, but not one of a Capataz ledger: name another file, or move this one away.`,
    );
  }
  if (version > steps.length) {
    throw new Error(
      `The ledger ${path} has the schema version ${version}, and this Capataz knows versions up to ${steps.length}: run the newer Capataz that wrote it, or restore a backup from before the upgrade.`,
    );
  }
  return version;
}

/** Brings the tables to the newest version, or leaves all as it was and throws. */
export function upgradeSchema(database: DatabaseSync, path: string, steps = SCHEMA_STEPS): void {
  inTransaction(database, () => {
    const version = inspectSchema(database, path, steps);
    database.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
    for (const step of steps.slice(version)) database.exec(step);
    database.exec(`PRAGMA user_version = ${steps.length}`);
  });
}

export function readPragma(database: DatabaseSync, name: string): number {
  const row = database.prepare(`PRAGMA ${name}`).get() ?? {};
  return Number(Object.values(row)[0]);
}
