import { describe, expect, it } from 'vitest';
import { hearsTrace } from './told-to-models.ts';

const CLUSTER = ['http://model.shop.svc:8080/v1', 'https://model.shop.svc.cluster.local/v1'];
const ELSEWHERE = [
  'https://api.openai.com/v1',
  'https://model.shop.svc.example.org',
  'https://svc.cluster.local.example.org',
  'https://a.svc',
  'not a URL',
  '',
];

describe('the trace of a request', () => {
  it('is told to models of the cluster, and to nobody outside of it unless that is wanted', () => {
    expect(CLUSTER.filter((endpoint) => !hearsTrace(endpoint, 'cluster'))).toEqual([]);
    expect(ELSEWHERE.filter((endpoint) => hearsTrace(endpoint, 'cluster'))).toEqual([]);
    expect([...CLUSTER, ...ELSEWHERE].filter((endpoint) => !hearsTrace(endpoint, 'all'))).toEqual([]);
  });

  it('is told to no model where that is wanted', () => {
    expect([...CLUSTER, ...ELSEWHERE].filter((endpoint) => hearsTrace(endpoint, 'none'))).toEqual([]);
  });
});
