import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { DepartedSeries } from './departed-series.ts';

function aRegistry(): {
  registry: Registry;
  gone: Set<string>;
  departed: DepartedSeries;
  measure: () => void;
} {
  const registry = new Registry();
  const registers = [registry];
  const counter = new Counter({ name: 'calls', help: 'x', labelNames: ['agent', 'result'], registers });
  const histogram = new Histogram({ name: 'seconds', help: 'x', labelNames: ['agent'], registers });
  new Gauge({ name: 'plain', help: 'x', registers }).set(1);
  const gone = new Set<string>();
  const departed = new DepartedSeries(
    registry,
    ({ agent }) => agent === undefined || !gone.has(String(agent)),
  );
  const measure = (): void => {
    for (const agent of ['kept', 'deleted']) {
      counter.inc({ agent, result: 'answered' });
      counter.inc({ agent, result: 'refused' });
      histogram.observe({ agent }, 0.2);
    }
  };
  measure();
  return { registry, gone, departed, measure };
}

describe('DepartedSeries', () => {
  it('takes away all series of an object that is gone, histograms too, and no others', async () => {
    const { registry, gone, departed } = aRegistry();
    gone.add('deleted');
    await departed.sweep();
    await departed.sweep();
    const text = await registry.metrics();
    expect(text).not.toContain('deleted');
    expect(text).toContain('calls{agent="kept",result="refused"} 1');
    expect(text).toContain('seconds_count{agent="kept"} 1');
    expect(text).toContain('plain 1');
  });

  it('leaves them for one sweep, so that the last figures are scraped', async () => {
    const { registry, gone, departed } = aRegistry();
    gone.add('deleted');
    await departed.sweep();
    expect(await registry.metrics()).toContain('agent="deleted"');
  });

  it('leaves those of an object that came back in between', async () => {
    const { registry, gone, departed } = aRegistry();
    gone.add('deleted');
    await departed.sweep();
    gone.clear();
    await departed.sweep();
    expect(await registry.metrics()).toContain('agent="deleted"');
  });

  it('finds what was written late', async () => {
    const { registry, gone, departed, measure } = aRegistry();
    gone.add('deleted');
    await departed.sweep();
    await departed.sweep();
    measure();
    await departed.sweep();
    await departed.sweep();
    expect(await registry.metrics()).not.toContain('deleted');
  });
});
