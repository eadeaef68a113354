import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { runCommandLine } from '#cli/testing/run-command-line.ts';

const read = (name: string): string =>
  readFileSync(new URL(`../../samples/ci/${name}`, import.meta.url), 'utf8');

describe.each(['github-actions.yaml', 'gitlab-ci.yaml'])('the workflow %s', (name) => {
  it('is YAML, and calls the program with flags that it has', async () => {
    expect(parse(read(name))).toBeTypeOf('object');
    const { printed } = await runCommandLine(['eval', '--help']);
    const command =
      /capataz\.mjs eval (?<flags>(?:[^\n]*\\\n)*[^\n]*)/.exec(read(name))?.groups?.['flags'] ?? '';
    const flags = command.match(/--[a-z-]+/g) ?? [];
    expect(flags.length).toBeGreaterThan(5);
    for (const flag of flags) expect(printed).toContain(flag);
  });

  it('gives the key to a program of a commit that is named, never to whatever a registry has under our name', () => {
    expect(read(name)).not.toMatch(/\bnpx\b|npm (?:exec|install) (?!--prefix)/);
    expect(read(name)).toContain('CAPATAZ_COMMIT');
  });

  it('says who may read the key, and what a fork can make of it', () => {
    expect(read(name)).toMatch(/# Who may read the key: .*\bfork\b.*\n(?!#)/s);
  });
});

const Steps = z.array(
  z.object({
    name: z.string().optional(),
    uses: z.string().optional(),
    run: z.string().optional(),
    with: z.record(z.string(), z.unknown()).default({}),
    env: z.record(z.string(), z.string()).default({}),
  }),
);
const SECRET = /\bsecrets\.|github\.token/;

describe('the workflow of GitHub', () => {
  const workflow = z
    .object({
      on: z.record(z.string(), z.unknown()),
      permissions: z.record(z.string(), z.string()),
      env: z.undefined().optional(),
      jobs: z.object({ evaluate: z.object({ env: z.undefined().optional(), steps: Steps }) }),
    })
    .parse(parse(read('github-actions.yaml')));
  const { steps } = workflow.jobs.evaluate;
  const indexOf = (what: (step: (typeof steps)[number]) => boolean): number => steps.findIndex(what);
  const isCheckoutOfProgram = (step: (typeof steps)[number]): boolean => step.with['path'] === '.capataz';

  it('runs for pull requests without the rights of the branch they go to, and may write nothing but a comment', () => {
    expect(Object.keys(workflow.on)).toEqual(['pull_request']);
    expect(workflow.permissions).toEqual({ contents: 'read', 'pull-requests': 'write' });
  });

  it('refuses what is no commit before it fetches a program, and fetches that commit', () => {
    const check = indexOf(({ run }) => run?.includes('[0-9a-f]{40}') ?? false);
    expect(check).toBeGreaterThanOrEqual(0);
    expect(check).toBeLessThan(indexOf(isCheckoutOfProgram));
    expect(steps.find(isCheckoutOfProgram)?.with).toMatchObject({
      ref: '${{ vars.CAPATAZ_COMMIT }}',
      'persist-credentials': false,
    });
  });

  it('leaves no token in what it checks out', () => {
    for (const step of steps.filter(({ uses }) => uses?.startsWith('actions/checkout'))) {
      expect(step.with['persist-credentials']).toBe(false);
    }
  });

  it('gives a secret to no step that runs code of the pull request or of a package', () => {
    const withSecret = steps.filter(({ env, run, with: given }) =>
      SECRET.test(JSON.stringify([env, run ?? '', given])),
    );
    expect(withSecret).toHaveLength(2);
    for (const { run = '' } of withSecret) {
      expect(run).not.toMatch(/\bnpm\b|\bnpx\b/);
      for (const [, program] of run.matchAll(/\bnode (\S+)/g)) expect(program).toMatch(/^\.capataz\//);
    }
  });

  it('leaves the Markdown on the pull request, also when the gate was not passed', () => {
    const last = steps.at(-1);
    expect(last?.run).toContain('gh pr comment');
    expect(JSON.stringify(parse(read('github-actions.yaml')))).toContain('"if":"always()","env":{"GH_TOKEN"');
  });
});

describe('the pipeline of GitLab', () => {
  const job = z
    .object({
      'evaluate-prompts': z.object({
        rules: z.array(z.object({ if: z.string() })),
        script: z.array(z.string()),
      }),
    })
    .parse(parse(read('gitlab-ci.yaml')))['evaluate-prompts'];
  const at = (part: string): number => job.script.findIndex((line) => line.includes(part));

  it('runs for merge requests', () => {
    expect(job.rules.map((rule) => rule.if)).toEqual(['$CI_PIPELINE_SOURCE == "merge_request_event"']);
  });

  it('refuses what is no commit before it fetches a program, and fetches that commit', () => {
    expect(at('[0-9a-f]{40}')).toBe(0);
    expect(at('git clone')).toBe(1);
    expect(job.script[at('checkout --quiet')]).toContain('--detach "$CAPATAZ_COMMIT"');
  });

  it('keeps its secrets from what packages run as they are installed', () => {
    const install = job.script[at('npm ci')];
    for (const secret of ['CAPATAZ_EVAL_API_KEY', 'GITLAB_TOKEN']) expect(install).toContain(`-u ${secret}`);
    expect(install).toMatch(/^env -u/);
  });

  it('leaves the Markdown on the merge request before it ends with the verdict', () => {
    expect(job.script[at('/notes')]).toContain('comment.md');
    expect(at('exit "$(cat worst)"')).toBe(job.script.length - 1);
    expect(at('/notes')).toBeLessThan(job.script.length - 1);
  });
});
