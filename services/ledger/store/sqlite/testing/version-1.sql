-- A ledger as version 1 of the schema left it. Never edited: later versions must go on from it.
PRAGMA application_id = 1129337946;
CREATE TABLE settings (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
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
INSERT INTO settings VALUES ('writer_epoch', 1);
INSERT INTO trees VALUES (1, 'shop', 4);
INSERT INTO trees VALUES (2, 'mail', 1);
INSERT INTO tiles VALUES (1, 0, 0, X'447A61BBCFF092728FAE671D45320AF8127B4EED531F5EAEEBEA80748BC2B1D152702176A77D853988BE1428DCA91666FFE9EF051E85F7EB584C31EC9FD7F154B635C1E098AF0AA605CB0C4BB7F572CACC975D073F3B7AFAE83D5F06A9B3D50B181A69E6655FCF244DF154C9BC08E251A370FD152336C26665A60852CABF0910');
INSERT INTO tiles VALUES (2, 0, 0, X'9E52804D272AB0D634B86027538FDADC7B7C0E5B97E391E9070D82AB4714CD4F');
INSERT INTO entries VALUES (1, 1, 0, 'r-1', X'679E17C689605F0BAAFB2B1B770A89A333F4C9AFCC9156469AADF28D389EB4A2', 'run_begun', 'run-1', 'clerk', 1764000000000000, '{"chain":{"previous":"0000000000000000000000000000000000000000000000000000000000000000","sequence":0},"index":0,"receivedAtMicroseconds":1764000000000000,"record":{"agent":{"name":"clerk"},"atMicroseconds":1764000000000001,"content":"Digests","contentRetentionDays":30,"id":"r-1","input":{"characters":5},"limits":{"seconds":60,"steps":10},"namespace":"shop","prompt":{"arm":"stable","digest":"dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd","version":"v1"},"run":{"id":"run-1"},"source":{"boot":"clerk","instance":"clerk-0","process":"agent-runtime","sequence":1},"tools":[],"type":"run_begun"},"reporter":"system:serviceaccount:capataz-system:capataz-router","trust":"witnessed","version":1}');
INSERT INTO entries VALUES (2, 1, 1, 'r-2', X'9DD3F26C2A9CEBEBC6EC0E36691611F8B2C0A7D161E962C406A570BC390A4F8B', 'model_attempt', 'run-1', 'clerk', 1764000000000000, '{"chain":{"previous":"447a61bbcff092728fae671d45320af8127b4eed531f5eaeebea80748bc2b1d1","sequence":1},"index":1,"receivedAtMicroseconds":1764000000000000,"record":{"agent":{"name":"clerk"},"atMicroseconds":1764000000000002,"attempt":1,"costNanoUsd":1000,"durationMicroseconds":5000,"id":"r-2","model":"fast","namespace":"shop","operation":"chat","outcome":"answered","prompt":{"arm":"stable","digest":"dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd","version":"v1"},"provider":"openai","providerModel":"gpt","requestId":"request-r-2","run":{"id":"run-1","step":1},"source":{"boot":"boot","instance":"router-0","process":"router","sequence":3},"tokens":{"cacheWrite":1,"cachedInput":10,"input":100,"output":20},"type":"model_attempt","usageSource":"provider"},"reporter":"system:serviceaccount:capataz-system:capataz-router","trust":"witnessed","version":1}');
INSERT INTO entries VALUES (3, 1, 2, 'r-3', X'8B36C105D33ECC324F01BD5FFD600FC804EDF925295FA88FA8D6CF7371852B3B', 'run_ended', 'run-1', 'clerk', 1764000000000000, '{"chain":{"previous":"52702176a77d853988be1428dca91666ffe9ef051e85f7eb584c31ec9fd7f154","sequence":2},"index":2,"receivedAtMicroseconds":1764000000000000,"record":{"agent":{"name":"clerk"},"atMicroseconds":1764000000000003,"costNanoUsd":1000,"durationMicroseconds":7000000,"id":"r-3","models":["fast"],"namespace":"shop","prompt":{"arm":"stable","digest":"dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd","version":"v1"},"records":2,"repairs":0,"run":{"id":"run-1"},"source":{"boot":"clerk","instance":"clerk-0","process":"agent-runtime","sequence":2},"status":"succeeded","steps":2,"type":"run_ended"},"reporter":"system:serviceaccount:capataz-system:capataz-router","trust":"witnessed","version":1}');
INSERT INTO entries VALUES (4, 1, 3, 'r-4', X'EE124865C83A59805867288DF7A0133544CE6C3FCF44E9DBF375EE1B6AEE5889', 'feedback', 'run-1', NULL, 1764000000000000, '{"chain":{"previous":"b635c1e098af0aa605cb0c4bb7f572cacc975d073f3b7afae83d5f06a9b3d50b","sequence":3},"index":3,"receivedAtMicroseconds":1764000000000000,"record":{"atMicroseconds":1764000000000004,"by":"ana","from":"person","id":"r-4","metric":"helpful","namespace":"shop","run":{"id":"run-1"},"source":{"boot":"boot","instance":"router-0","process":"router","sequence":5},"type":"feedback","verdict":"good"},"reporter":"system:serviceaccount:capataz-system:capataz-router","trust":"witnessed","version":1}');
INSERT INTO entries VALUES (5, 2, 0, 'r-5', X'D50B8BA18F211593E69A8080ECF4F136AA09CF6A0B5483B77643C05FC41FFCCA', 'key_rotation', NULL, NULL, 1764000000000000, '{"index":0,"receivedAtMicroseconds":1764000000000000,"record":{"atMicroseconds":1764000000000005,"id":"r-5","keySource":"openai","model":"fast","namespace":"mail","source":{"boot":"boot","instance":"router-0","process":"router","sequence":6},"type":"key_rotation","version":"1"},"reporter":"system:serviceaccount:capataz-system:capataz-router","trust":"witnessed","version":1}');
INSERT INTO runs VALUES (1, 'run-1', 'shop', 'clerk', 'succeeded', 1764000000000001, 'dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd', '{"row":{"id":"run-1","namespace":"shop","agent":"clerk","status":"succeeded","beganAtMicroseconds":1764000000000001,"steps":2,"modelCalls":0,"attempts":1,"toolCalls":0,"inputTokens":111,"outputTokens":20,"costNanoUsd":1000,"attemptsOfUnknownCost":0,"models":["fast"],"good":1,"bad":0,"securityEvents":0,"records":4,"trust":"witnessed","promptVersion":"v1","promptDigest":"dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd","arm":"stable","endedAtMicroseconds":1764000000000003,"durationMicroseconds":7000000,"isComplete":true},"chainHead":{"sequence":3,"leafHash":"181a69e6655fcf244df154c9bc08e251a370fd152336c26665a60852cabf0910"},"hasBegun":true,"toldByAgent":2,"countedByAgent":2}');
INSERT INTO cost_sums VALUES (3600, 1764000000, 'shop', 'clerk', 'fast', 'dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd', 1, 0, 100, 10, 1, 20, 1000, 0);
INSERT INTO cost_sums VALUES (86400, 1763942400, 'shop', 'clerk', 'fast', 'dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd', 1, 0, 100, 10, 1, 20, 1000, 0);
INSERT INTO cost_totals VALUES (3600, 1764000000, 'shop', 'fast', 1, 0, 100, 10, 1, 20, 1000, 0);
INSERT INTO cost_totals VALUES (86400, 1763942400, 'shop', 'fast', 1, 0, 100, 10, 1, 20, 1000, 0);
INSERT INTO outcome_sums VALUES (3600, 1764000000, 'shop', 'clerk', 'dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd', 'stable', '', 1, 0, 0, 0, 0, 0, 7000000, 1000);
INSERT INTO outcome_sums VALUES (3600, 1764000000, 'shop', 'clerk', 'dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd', 'stable', 'helpful', 0, 0, 0, 1, 0, 0, 0, 0);
INSERT INTO outcome_sums VALUES (86400, 1763942400, 'shop', 'clerk', 'dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd', 'stable', '', 1, 0, 0, 0, 0, 0, 7000000, 1000);
INSERT INTO outcome_sums VALUES (86400, 1763942400, 'shop', 'clerk', 'dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd', 'stable', 'helpful', 0, 0, 0, 1, 0, 0, 0, 0);
INSERT INTO sources VALUES (1, 'clerk', 'clerk-0', 'agent-runtime', 'system:serviceaccount:capataz-system:capataz-router', 2);
INSERT INTO sources VALUES (2, 'boot', 'router-0', 'router', 'system:serviceaccount:capataz-system:capataz-router', 6);
INSERT INTO source_gaps VALUES (2, 1, 2, 1764000000000000);
INSERT INTO source_gaps VALUES (2, 4, 4, 1764000000000000);
INSERT INTO texts VALUES (1, 'input', 'k', 3528000000000000, X'010203');
INSERT INTO documents VALUES ('checkpoint', 'one');
PRAGMA user_version = 1;
