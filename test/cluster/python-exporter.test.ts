/** OTLP as the exporter of another language writes it. Its packages are fetched once and kept in the cache. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OtlpUnderTest, startOtlpUnderTest } from '#services/ledger/otlp/testing/otlp-under-test.ts';
import { preparePython } from '#test/python/python-environment.ts';

let python: string;
let ledger: OtlpUnderTest;

beforeAll(async () => {
  python = await preparePython(
    'otlp-exporter',
    join(import.meta.dirname, 'python-exporter-requirements.txt'),
  );
  ledger = await startOtlpUnderTest();
});

afterAll(async () => {
  await ledger.close();
});

describe('an agent in Python', () => {
  it.each(['none', 'gzip'])('is audited by its own exporter, with compression %s', async (compression) => {
    const before = ledger.records.size;
    const { stderr } = await promisify(execFile)(python, [join(import.meta.dirname, 'python-exporter.py')], {
      env: {
        OTEL_EXPORTER_OTLP_ENDPOINT: ledger.url,
        OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20agent:shop:planner',
        OTEL_EXPORTER_OTLP_COMPRESSION: compression,
      },
    });
    expect(stderr).toBe('');
    const records = [...ledger.records.values()].slice(before);
    expect(records).toHaveLength(3);
    const run = records.find(({ operation }) => operation === 'invoke_agent');
    const shared = {
      namespace: 'shop',
      agent: { name: 'planner' },
      run: { id: `planner:${run?.trace.traceId}` },
      parentSpanId: run?.trace.spanId,
    };
    expect(run).toMatchObject({ outcome: 'ok', conversation: 'talk-1', innerAgent: 'planner' });
    expect(records.find(({ operation }) => operation === 'chat')).toMatchObject({
      ...shared,
      outcome: 'ok',
      provider: 'openai',
      modelAsked: 'gpt-x',
      finishReasons: ['tool_calls'],
      tokens: { input: 1_234_567_890_123, cachedInput: 0, cacheWrite: 0, output: 7 },
    });
    expect(records.find(({ operation }) => operation === 'execute_tool')).toMatchObject({
      ...shared,
      outcome: 'error',
      errorType: 'TimeoutError',
      tool: 'search',
    });
    expect(JSON.stringify(records)).not.toContain('secret');
  });
});
