import { describe, expect, it } from 'vitest';
import { gitFailure } from './git-failure.ts';

/** What git itself adds to everything that ssh says. */
const AFTER = `fatal: Could not read from remote repository.

Please make sure you have the correct access rights
and the repository exists.
`;

describe('what git and ssh say', () => {
  it.each([
    ['git@host: Permission denied (publickey).\n', 'AccessDenied', 'Permission denied (publickey)'],
    [
      'Load key "/run/identity": error in libcrypto\r\ngit@host: Permission denied (publickey).\n',
      'AccessDenied',
      'error in libcrypto',
    ],
    [
      'No ED25519 host key is known for host and you have requested strict checking.\nHost key verification failed.\n',
      'HostKeyRefused',
      'host key is known for host',
    ],
    [
      '@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\nHost key for host has changed and you have requested strict checking.\nHost key verification failed.\n',
      'HostKeyRefused',
      'Host key for host has changed',
    ],
    ['ssh: connect to host host port 22: Connection refused\n', 'Unreachable', 'Connection refused'],
    ['', 'Unreachable', 'exists'],
  ])('is told by the line that says most: %j', (said, reason, words) => {
    const failure = gitFailure(said + AFTER);
    expect(failure.reason).toBe(reason);
    expect(failure.message).toContain(words);
  });
});
