/** What a server of commit statuses may do, and what is told of it. */
import { createServer } from 'node:http';
import { describe, expect, it } from 'vitest';
import { type CommitStatusTarget, sendCommitStatus } from './commit-status-sender.ts';

const STATUS = {
  commit: 'a'.repeat(40),
  state: 'Success',
  context: 'capataz/ns/prompts',
  description: '',
} as const;
const TARGET: CommitStatusTarget = {
  api: 'GitLab',
  repositoryUrl: 'https://git.example/team/prompts.git',
  token: 'secret-token',
};

const send = (target: Partial<CommitStatusTarget>) =>
  sendCommitStatus({ ...TARGET, ...target }, STATUS, new AbortController().signal);

describe('a commit status', () => {
  it('that cannot be sent is one sentence, whatever is wrong with its URL', async () => {
    for (const target of [
      { endpoint: 'https://::::' },
      { endpoint: 'http://127.0.0.1:99999' },
      { api: 'Gitea', repositoryUrl: 'file:///srv/prompts.git' },
      { repositoryUrl: 'https://git.example/%ff.git', endpoint: 'http://127.0.0.1:1' },
      { token: 'two\nlines', endpoint: 'http://127.0.0.1:1' },
    ] as const) {
      expect(await send(target)).toMatch(
        /^Git(Lab|ea) at \S+( endpoint)? could not be told the commit status \(.+\)\.$/,
      );
    }
  });

  it('goes to no other server than the one that is named', async () => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url ?? '');
      response.writeHead(302, { location: '/elsewhere' }).end('x'.repeat(1_000_000));
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : 0;
    try {
      const said = await send({ endpoint: `http://127.0.0.1:${port}` });
      expect(said).toBe(`GitLab at 127.0.0.1:${port} answered the commit status with 302.`);
      expect(asked).toEqual([`/projects/team%2Fprompts/statuses/${STATUS.commit}`]);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});
