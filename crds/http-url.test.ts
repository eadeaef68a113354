import { describe, expect, it } from 'vitest';
import { AgentTool } from './agent-tool.ts';
import { apiUrlProblem } from './http-url.ts';
import { ModelSpec } from './model.ts';
import { PromptRepositorySpec } from './prompt-repository.ts';

const { endpoint: Endpoint } = ModelSpec.shape;
const { url: ToolUrl } = AgentTool.shape;
const { url: RepositoryUrl, commitStatus: CommitStatus } = PromptRepositorySpec.shape;
const StatusEndpoint = CommitStatus.unwrap().shape.endpoint;

const EVERY_URL = [
  ['spec.endpoint of a Model', Endpoint],
  ['url of a tool', ToolUrl],
  ['spec.url of a PromptRepository', RepositoryUrl],
  ['spec.commitStatus.endpoint of a PromptRepository', StatusEndpoint],
] as const;

/** What a parser would mend or misread, after `https://`. */
const MALFORMED = [
  '',
  ':443/v1',
  'host:',
  'host:/v1',
  'host:0/v1',
  'host:00/v1',
  'host:080/v1',
  'host:65536/v1',
  'host:99999999/v1',
  'host:http/v1',
  'host:80:80/v1',
  'user:password@host/v1',
  ':@host/v1',
  'host/v1#fragment',
  'host/v1#',
  'ho st/v1',
  'host/v 1',
  'host/v1 ',
  'host/v1\n',
  'host\\@elsewhere/v1',
  'elsewhere.com\\.models.svc/v1',
  '-oProxyCommand=id/v1',
  '[::1/v1',
];

describe.each(EVERY_URL)('%s', (_, schema) => {
  it.each(MALFORMED)('is not https://%s, and one sentence says why', (rest) => {
    const { error } = schema.safeParse(`https://${rest}`);
    expect(error?.issues).toHaveLength(1);
    expect(error?.issues[0]?.message).toMatch(/^must be an https?:\/\/.*without .*password/);
  });

  it.each(['', 'host', '//host/v1', 'ftp://host/v1', 'javascript:alert(1)', ' https://host/v1'])(
    'is not "%s" either',
    (text) => {
      expect(schema.safeParse(text).error?.issues).toHaveLength(1);
    },
  );

  it.each([
    'https://host',
    'https://host/',
    'http://model.models.svc:1/v1',
    'http://127.0.0.1:65535/v1',
    'https://host.example.com:8443/a/b-c_d~e.f,g;h',
  ])('is %s', (text) => {
    const isKnown = schema !== RepositoryUrl || !text.includes(';');
    expect(schema.safeParse(text).success).toBe(isKnown);
  });
});

describe('a query', () => {
  it('is for tools alone, whose url is asked as it stands', () => {
    const text = 'https://host/v1?kind=1&more=a/b?';
    expect(EVERY_URL.filter(([, schema]) => schema.safeParse(text).success)).toEqual([
      ['url of a tool', ToolUrl],
    ]);
  });
});

describe('the url of a repository', () => {
  it.each(['ssh://git@host/a.git', 'ssh://git@host:2222/a.git', 'file:///tmp/a.git', 'http://git.svc/a.git'])(
    'is %s',
    (text) => {
      expect(RepositoryUrl.safeParse(text).success).toBe(true);
    },
  );

  it.each([
    'ssh://git:word@host/a.git',
    'ssh://git@host:/a.git',
    'ssh://git@-host/a.git',
    'file://host/a.git',
  ])('is not %s', (text) => {
    expect(RepositoryUrl.safeParse(text).success).toBe(false);
  });
});

it('an address without a host that can be is told as such, where a command is given one', () => {
  expect(apiUrlProblem('http://1.2.3.256/v1')).toBe('must have a host');
  expect(apiUrlProblem('http://[::1]:8080/v1')).toBeUndefined();
});
