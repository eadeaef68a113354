/** Objects that keep and break the rules of PromptRepository, and of who follows one. */
import { type RuleCase, casesFor, named } from './rule-case.ts';
import { SAMPLES, type SampleObject, changed } from './sample-objects.ts';

const { canaryRollout, promptRepository } = SAMPLES;

function repositoryWith(changes: Readonly<Record<string, unknown>>): SampleObject {
  return { ...promptRepository, spec: { ...promptRepository.spec, ...changes } };
}

export const REPOSITORY_CASES: readonly RuleCase[] = [
  ...casesFor(
    {
      kind: 'PromptRepository',
      path: '',
      message: 'metadata.name of a PromptRepository may have at most 63 characters',
    },
    {
      'accepts a PromptRepository with a name of 63 characters': [
        'accepted',
        named(promptRepository, 'a'.repeat(63)),
      ],
      'refuses a PromptRepository with a name of 64 characters': [
        'refused',
        named(promptRepository, 'a'.repeat(64)),
      ],
    },
  ),
  ...casesFor(
    {
      kind: 'PromptRepository',
      path: 'spec',
      message: 'url has a user name in it: put it into the Secret that secretRef names',
    },
    {
      'accepts an ssh url with a user': ['accepted', repositoryWith({ url: 'ssh://git@example.com/a.git' })],
      'refuses an https url with a user': [
        'refused',
        repositoryWith({ url: 'https://me@example.com/a.git' }),
      ],
    },
  ),
  ...casesFor(
    {
      kind: 'PromptRepository',
      path: 'spec',
      message: 'secretRef needs an https:// or ssh:// url: over http:// the secret would be read on its way',
    },
    {
      'accepts an http url without a Secret': [
        'accepted',
        repositoryWith({ url: 'http://git.git.svc/a.git', secretRef: undefined }),
      ],
      'refuses an http url with a Secret': ['refused', repositoryWith({ url: 'http://git.git.svc/a.git' })],
    },
  ),
  ...casesFor(
    { kind: 'PromptRepository', path: 'spec.reference', message: 'set either branch or tag' },
    {
      'accepts a branch': ['accepted', promptRepository],
      'refuses a branch and a tag': ['refused', repositoryWith({ reference: { branch: 'main', tag: 'v1' } })],
    },
  ),
  ...casesFor(
    {
      kind: 'PromptRepository',
      path: 'spec.signatures',
      message: 'policy RequireGood needs keysFrom: without keys no signature is good',
    },
    {
      'accepts no policy without keys': ['accepted', repositoryWith({ signatures: { policy: 'None' } })],
      'refuses a policy without keys': ['refused', repositoryWith({ signatures: { policy: 'RequireGood' } })],
    },
  ),
  ...casesFor(
    {
      kind: 'PromptRepository',
      path: 'spec.signatures.keysFrom',
      message: 'set either secretRef or configMapRef',
    },
    {
      'accepts keys of a Secret': ['accepted', promptRepository],
      'refuses keys of nowhere': [
        'refused',
        repositoryWith({ signatures: { policy: 'RequireGood', keysFrom: {} } }),
      ],
    },
  ),
  ...casesFor(
    { kind: 'CanaryRollout', path: 'spec', message: 'set either versionRef or source' },
    {
      'accepts a CanaryRollout that names a version': ['accepted', canaryRollout],
      'refuses a CanaryRollout with a version and a source': [
        'refused',
        changed(canaryRollout, 'spec.source', { repositoryRef: { name: 'prompts' } }),
      ],
      'refuses a CanaryRollout with neither': [
        'refused',
        changed(canaryRollout, 'spec.versionRef', undefined),
      ],
    },
  ),
];
