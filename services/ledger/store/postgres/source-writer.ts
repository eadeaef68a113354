/** Keeps what each boot of each process has told (source-changes.ts). */
import { createHash } from 'node:crypto';
import { GAPS_OF_A_LOSS_MAXIMUM, type SourceCounts, countSequences } from '../source-changes.ts';
import { toColumn } from './column-text.ts';
import type { Ask } from './connections.ts';
import { columns } from './unnested-columns.ts';

export async function noteSources(
  ask: Ask,
  counted: readonly SourceCounts[],
  seenAtMicroseconds: number,
): Promise<void> {
  if (counted.length === 0) return;
  const told = counted.map(({ names, counts }) => ({
    name: createHash('sha256').update(JSON.stringify(names)).digest(),
    names,
    counts,
  }));
  const [sources, gaps] = await Promise.all([
    // What is there already is touched as well, so that it is answered with.
    ask<{ source: number; name: Buffer; highest: number }>(
      'open sources',
      `INSERT INTO sources (name, boot, instance, process, reporter, highest)
       SELECT name, boot, instance, process, reporter, 0
       FROM unnest($1::bytea[], $2::text[], $3::text[], $4::text[], $5::text[])
         AS told (name, boot, instance, process, reporter)
       ON CONFLICT (name) DO UPDATE SET highest = sources.highest RETURNING source, name, highest`,
      columns(told.map(({ name, names }) => [name, ...names.map(toColumn)])),
    ),
    ask<{ name: Buffer; firstMissing: number; lastMissing: number; seenAtMicroseconds: number }>(
      'read gaps',
      `SELECT DISTINCT told.name, first_missing AS "firstMissing", last_missing AS "lastMissing",
         seen_at AS "seenAtMicroseconds"
       FROM unnest($1::bytea[], $2::bigint[], $3::bigint[]) AS told (name, sequence, most)
       JOIN sources ON sources.name = told.name AND sources.highest >= sequence
       CROSS JOIN LATERAL (
         SELECT * FROM source_gaps WHERE source_gaps.source = sources.source AND last_missing >= sequence
           AND first_missing >= coalesce((SELECT max(first_missing) FROM source_gaps AS before
             WHERE before.source = sources.source AND before.first_missing <= sequence), 0)
         ORDER BY first_missing LIMIT most) AS gap`,
      columns(
        told.flatMap(({ name, counts }) =>
          counts.map((count) => [
            name,
            count.sequence,
            count.kind === 'seen' ? 1 : Math.min(count.records ?? 1, GAPS_OF_A_LOSS_MAXIMUM),
          ]),
        ),
      ),
    ),
  ]);
  const askWith = async (rows: readonly (readonly number[])[], name: string, text: string): Promise<void> => {
    if (rows.length > 0) await ask(name, text, columns(rows));
  };
  const raised: (readonly number[])[] = [];
  const dropped: (readonly number[])[] = [];
  const added: (readonly number[])[] = [];
  for (const { name, counts } of told) {
    const stored = sources.find((each) => each.name.equals(name));
    if (stored === undefined) throw new Error('PostgreSQL did not answer with a source that it has written.');
    const { source, highest } = stored;
    const ofSource = gaps.filter((gap) => gap.name.equals(name));
    const changes = countSequences(highest, ofSource, counts, seenAtMicroseconds);
    if (changes.highest !== highest) raised.push([source, changes.highest]);
    dropped.push(...changes.dropped.map((first) => [source, first]));
    added.push(
      ...changes.added.map((gap) => [source, gap.firstMissing, gap.lastMissing, gap.seenAtMicroseconds]),
    );
  }
  await Promise.all([
    askWith(
      raised,
      'raise sources',
      `UPDATE sources SET highest = raised.highest FROM unnest($1::bigint[], $2::bigint[]) AS raised (source, highest)
       WHERE sources.source = raised.source`,
    ),
    askWith(
      dropped,
      'drop gaps',
      `DELETE FROM source_gaps USING unnest($1::bigint[], $2::bigint[]) AS dropped (source, first)
       WHERE source_gaps.source = dropped.source AND first_missing = first`,
    ),
    askWith(
      added,
      'add gaps',
      'INSERT INTO source_gaps SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[])',
    ),
  ]);
}
