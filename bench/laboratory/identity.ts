/** How the router and its caller know each other in a bench: a token, and the API server that vouches for it. */

/** In the shape of a projected ServiceAccount token; only the API server judges its signature. */
export function agentToken(): string {
  const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = {
    iss: 'https://kubernetes.default.svc.cluster.local',
    sub: 'system:serviceaccount:bench:agent-triage',
    aud: ['capataz-router'],
    exp: Math.floor(Date.now() / 1000) + 3600,
    'kubernetes.io': { namespace: 'bench', pod: { name: 'agent-triage-0', uid: 'uid-of-the-pod' } },
  };
  return `${encode({ alg: 'RS256', kid: 'bench' })}.${encode(claims)}.${'s'.repeat(342)}`;
}

/** A kubeconfig for the API server of the bench, as JSON, which is YAML too. */
export function kubeconfigFor(port: number): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      { name: 'bench', cluster: { server: `http://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true } },
    ],
    users: [{ name: 'bench', user: {} }],
    contexts: [{ name: 'bench', context: { cluster: 'bench', user: 'bench' } }],
    'current-context': 'bench',
  });
}
