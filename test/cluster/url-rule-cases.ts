/** Objects that keep and break the rules of URLs, one kind of mistake each: crds/http-url.test.ts has them all. */
import { type RuleCase, casesFor } from './rule-case.ts';
import { SAMPLES, type SampleObject, changed } from './sample-objects.ts';

const { agentThatFollows, model, promptRepository } = SAMPLES;
const HTTP = 'must be an http:// or https:// URL of a host';

const withToolAt = (url: string): SampleObject =>
  changed(agentThatFollows, 'spec.tools', [{ type: 'Http', name: 'book', description: 'Books.', url }]);
const withEndpoint = (endpoint: string): SampleObject =>
  changed(changed(model, 'spec.endpoint', endpoint), 'spec.keyFrom', undefined);
const withRepositoryAt = (url: string): SampleObject => changed(promptRepository, 'spec.url', url);
const withStatusAt = (endpoint: string): SampleObject =>
  changed(promptRepository, 'spec.commitStatus.endpoint', endpoint);

export const URL_CASES: readonly RuleCase[] = [
  ...casesFor(
    { kind: 'Agent', path: 'spec.tools[].url', message: HTTP },
    {
      'accepts a tool with a port, a path and a query': [
        'accepted',
        withToolAt('https://a.example:8443/b?c=d/e'),
      ],
      'refuses a tool at a colon without a port': ['refused', withToolAt('https://a.example:/b')],
    },
  ),
  ...casesFor(
    { kind: 'Model', path: 'spec.endpoint', message: HTTP },
    {
      'accepts a Model at an address of IPv6': ['accepted', withEndpoint('http://[2001:db8::7]:65535/v1')],
      'refuses a Model at a colon without a port': ['refused', withEndpoint('http://127.0.0.1:')],
      'refuses a Model at port 65536': ['refused', withEndpoint('https://a.example:65536/v1')],
      'refuses a Model with a user': ['refused', withEndpoint('https://user@a.example/v1')],
      'refuses a Model with a fragment': ['refused', withEndpoint('https://a.example/v1#x')],
      'refuses a key for a host that a backslash hides': [
        'refused',
        changed(model, 'spec.endpoint', String.raw`http://elsewhere.example\.svc/v1`),
      ],
    },
  ),
  ...casesFor(
    { kind: 'PromptRepository', path: 'spec.url', message: 'must be an https:// or ssh:// URL of a host' },
    {
      'accepts a repository at a port': ['accepted', withRepositoryAt('ssh://git@example.com:2222/a.git')],
      'refuses a repository with a password': [
        'refused',
        withRepositoryAt('ssh://me:word@example.com/a.git'),
      ],
      'refuses a repository at what could be an option': ['refused', withRepositoryAt('ssh://-a/b.git')],
    },
  ),
  ...casesFor(
    { kind: 'PromptRepository', path: 'spec.commitStatus.endpoint', message: HTTP },
    {
      'accepts an API inside of the cluster': ['accepted', withStatusAt('http://gitea.git.svc:3000/api/v1')],
      'refuses an API at port 0': ['refused', withStatusAt('https://git.example.com:0/api/v1')],
    },
  ),
];
